"""A live test's site on the secured broker and ClickHouse: the settings of every way in."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clickhouse_connect.driver.client import Client

from config.settings import load_settings
from sinks.clickhouse.client import connect
from tests.certificates import Authority, Certificate
from tests.clickhouse_gateway import ClickHouseGateway
from tests.integration.live_site import Site
from tests.kafka.secured import SecuredKafka
from tests.kafka.token_server import TokenServer
from tests.security.documented import documented_acls
from tests.security.whom_it_knows import (
    CLICKHOUSE_PASSWORD,
    CLIENT_ID,
    CLIENT_SECRET,
    KEY_PASSWORD,
    PLAIN_PASSWORD,
    SCRAM_PASSWORD,
    USER,
)

Environment = dict[str, str]


class SecuredSite(Site):
    """The test itself goes in where everything is allowed; `flow` is given one of the environments below."""

    def __init__(
        self,
        kafka: SecuredKafka,
        clickhouse: ClickHouseGateway,
        authority: Authority,
        tokens: TokenServer,
        folder: Path,
    ) -> None:
        super().__init__(kafka.bootstrap_servers, clickhouse.url, folder, partitions=2)
        self.secured_kafka = kafka
        self.gateway = clickhouse
        self.authority = authority
        self.tokens = tokens
        self.clickhouse = f"https://{USER}@{clickhouse.host}:{clickhouse.port}/default"

    def grant_documented(self, principal: str) -> None:
        self.secured_kafka.grant(documented_acls(principal, self))

    def by_password(self, user: str = USER, mechanism: str = "SCRAM-SHA-512", listener: str = "SASL") -> Environment:
        password = PLAIN_PASSWORD if mechanism == "PLAIN" else SCRAM_PASSWORD
        return self._sasl(mechanism, listener) | {"CT_KAFKA__SASL_USERNAME": user, "CT_KAFKA__SASL_PASSWORD": password}

    def by_token(self) -> Environment:
        return self._sasl("OAUTHBEARER") | {
            "CT_KAFKA__OAUTH_CLIENT_ID": CLIENT_ID,
            "CT_KAFKA__OAUTH_CLIENT_SECRET": CLIENT_SECRET,
            "CT_KAFKA__OAUTH_TOKEN_URL": self.tokens.token_url,
            "CT_KAFKA__OAUTH_CA_LOCATION": str(self.authority.certificate),
        }

    def by_certificate(self, certificate: Certificate | None = None, listener: str = "MUTUAL") -> Environment:
        """Without one: only the broker shows who it is."""
        environment = {
            "KAFKA_BOOTSTRAP_SERVERS": self.secured_kafka.address(listener),
            "CT_KAFKA__SECURITY_PROTOCOL": "SSL",
            "CT_KAFKA__SSL_CA_LOCATION": str(self.authority.certificate),
        }
        if certificate is None:
            return environment
        return environment | {
            "CT_KAFKA__SSL_CERTIFICATE_LOCATION": str(certificate.certificate),
            "CT_KAFKA__SSL_KEY_LOCATION": str(certificate.key),
            "CT_KAFKA__SSL_KEY_PASSWORD": KEY_PASSWORD,
        }

    def to_clickhouse(self, password: str = CLICKHOUSE_PASSWORD) -> Environment:
        """By a password in a file, as a mounted secret is."""
        file = self.folder / f"password-{uuid.uuid4().hex}"
        file.write_text(f"{password}\n")
        return {
            "CLICKHOUSE_URL": self.clickhouse,
            "CT_CLICKHOUSE__PASSWORD_FILE": str(file),
            "CT_CLICKHOUSE__SSL_CA_LOCATION": str(self.authority.certificate),
        }

    def _sasl(self, mechanism: str, listener: str = "SASL") -> Environment:
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self.secured_kafka.address(listener),
            "CT_KAFKA__SECURITY_PROTOCOL": "SASL_SSL",
            "CT_KAFKA__SSL_CA_LOCATION": str(self.authority.certificate),
            "CT_KAFKA__SASL_MECHANISM": mechanism,
        }

    @contextmanager
    def _client(self) -> Iterator[Client]:
        client = connect(load_settings(self.to_clickhouse()).clickhouse.url)
        try:
            yield client
        finally:
            client.close()
