"""What is refused stops the job: at once, with a status, a message that names where to look, and no secret in it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.clickhouse_gateway import Admission, ClickHouseGateway
from tests.flow_process import ROOT
from tests.kafka.secured import SecuredKafka
from tests.kafka.token_server import TokenServer
from tests.security.documented import documented_grants
from tests.security.secured_site import Environment, SecuredSite
from tests.security.whom_it_knows import CLICKHOUSE_PASSWORD, KEY_PASSWORD, MARK, NOBODY, SCRAM_PASSWORD, USER, WRONG

pytestmark = pytest.mark.integration

BAD_CONFIGURATION = 2
AT_ONCE = 4
"""Flows at the same time: two cores start so many in a few seconds."""


@dataclass(frozen=True)
class Refused:
    """One way to be refused: what the job is given, and what its message must name."""

    settings: Callable[[SecuredSite], Environment]
    names: tuple[str, ...]


def wrong_key_password(site: SecuredSite) -> Environment:
    certificate = site.authority.sign("locked", key_password=KEY_PASSWORD)
    return site.by_certificate(certificate) | {"CT_KAFKA__SSL_KEY_PASSWORD": WRONG}


def of_strangers(site: SecuredSite) -> Environment:
    strangers = Authority(site.folder / "strangers", "strangers")
    return site.by_certificate(strangers.sign("job", key_password=KEY_PASSWORD))


def clickhouse_at(site: SecuredSite, listener: str) -> Environment:
    """Any server that shows such a certificate does: nothing is said before it is trusted."""
    url = f"https://{USER}@{site.secured_kafka.address(listener)}/default"
    return site.to_clickhouse() | {"CLICKHOUSE_URL": url}


def with_token(site: SecuredSite) -> Environment:
    settings = site.to_clickhouse() | {"CT_CLICKHOUSE__TOKEN": WRONG}
    settings["CLICKHOUSE_URL"] = site.clickhouse.replace(f"{USER}@", "")
    del settings["CT_CLICKHOUSE__PASSWORD_FILE"]
    return settings


KAFKA_ADDRESS = "KAFKA_BOOTSTRAP_SERVERS"
KAFKA = {
    "unknown authority": Refused(
        lambda site: site.by_certificate(listener="STRANGE"), ("not trusted", "kafka.ssl_ca_location")
    ),
    "no authority named": Refused(
        lambda site: _without(site.by_password(), "CT_KAFKA__SSL_CA_LOCATION"), ("not trusted", "kafka.ssl_ca_location")
    ),
    "expired": Refused(lambda site: site.by_certificate(listener="EXPIRED"), ("has expired",)),
    "another host": Refused(lambda site: site.by_certificate(listener="ELSEWHERE"), ("another host", KAFKA_ADDRESS)),
    "no certificate of ours": Refused(
        lambda site: site.by_certificate(), ("does not take our certificate", "kafka.ssl_certificate_location")
    ),
    "our certificate unknown": Refused(of_strangers, ("our certificate", "kafka.ssl_certificate_location")),
    "our key locked": Refused(wrong_key_password, ("ssl.key.location failed",)),
    "wrong password": Refused(
        lambda site: site.by_password() | {"CT_KAFKA__SASL_PASSWORD": WRONG},
        ("kafka.sasl_username triggers", "invalid credentials"),
    ),
    "wrong password, PLAIN": Refused(
        lambda site: site.by_password(mechanism="PLAIN") | {"CT_KAFKA__SASL_PASSWORD": WRONG},
        ("kafka.sasl_username triggers",),
    ),
    "wrong client secret": Refused(
        lambda site: site.by_token() | {"CT_KAFKA__OAUTH_CLIENT_SECRET": WRONG}, ("kafka.oauth_client_secret",)
    ),
    "token server unknown": Refused(
        lambda site: site.by_token() | {"CT_KAFKA__OAUTH_CA_LOCATION": _other_authority(site)},
        ("kafka.oauth_ca_location",),
    ),
    "a mechanism that the broker does not offer": Refused(
        lambda site: site.by_password(mechanism="SCRAM-SHA-256", listener="SCRAM"),
        ("kafka.sasl_mechanism SCRAM-SHA-256", "SCRAM-SHA-512"),
    ),
    "a mechanism that librdkafka was built without": Refused(
        lambda site: site.by_password() | {"CT_KAFKA__SASL_MECHANISM": "GSSAPI"}, ("No provider", "GSSAPI")
    ),
    "no rights": Refused(
        lambda site: site.by_password(NOBODY),
        ("an ACL is missing", f"allow user {NOBODY} Read on topic", "docs/security.md"),
    ),
}
CLICKHOUSE = {
    "ClickHouse: unknown authority": Refused(
        lambda site: clickhouse_at(site, "STRANGE"), ("not trusted", "clickhouse.ssl_ca_location")
    ),
    "ClickHouse: expired": Refused(lambda site: clickhouse_at(site, "EXPIRED"), ("has expired",)),
    "ClickHouse: another host": Refused(
        lambda site: clickhouse_at(site, "ELSEWHERE"), ("another host", "CLICKHOUSE_URL")
    ),
    "ClickHouse: no certificate of ours": Refused(
        lambda site: clickhouse_at(site, "MUTUAL"), ("our certificate", "clickhouse.ssl_certificate_location")
    ),
    "ClickHouse: wrong password": Refused(
        lambda site: site.to_clickhouse(password=WRONG), ("code: 516", "clickhouse.password_file")
    ),
    "ClickHouse: wrong token": Refused(with_token, ("code: 516", "clickhouse.token")),
    "ClickHouse: no TLS there": Refused(
        lambda site: site.to_clickhouse() | {"CLICKHOUSE_URL": site.tokens.keys_url.replace("http:", "https:")},
        ("speaks no TLS", "https://"),
    ),
}
ALL = KAFKA | CLICKHOUSE


def _without(environment: Environment, name: str) -> Environment:
    return {key: value for key, value in environment.items() if key != name}


def _other_authority(site: SecuredSite) -> str:
    return str(Authority(site.folder / "others", "others").certificate)


@pytest.fixture(scope="module")
def ended(
    secured_kafka: SecuredKafka,
    secured_clickhouse: ClickHouseGateway,
    authority: Authority,
    tokens: TokenServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, tuple[int, str]]:
    """Status and output of a job for each refusal, run several at a time."""
    folder = tmp_path_factory.mktemp("refused")
    site = SecuredSite(secured_kafka, secured_clickhouse, authority, tokens, folder)

    def run(name: str) -> tuple[int, str]:
        settings = ALL[name].settings(site)
        settings = (settings | site.to_clickhouse()) if name in KAFKA else settings
        with site.flow("archive", settings=settings) as flow:
            return flow.wait(60), flow.output

    with ThreadPoolExecutor(AT_ONCE) as several:
        return dict(zip(ALL, several.map(run, ALL), strict=True))


@pytest.mark.parametrize("name", ALL)
def test_a_refusal_ends_the_job_with_where_to_look(ended: dict[str, tuple[int, str]], name: str) -> None:
    status, output = ended[name]
    assert status == BAD_CONFIGURATION, output
    assert "Traceback" not in output
    for wanted in ALL[name].names:
        assert wanted in output
    assert MARK not in output


@pytest.mark.parametrize(
    ("user", "password", "told"),
    [
        (USER, WRONG, "kafka.sasl_username triggers and its password"),
        (NOBODY, SCRAM_PASSWORD, "Write on topic events-"),
    ],
)
def test_the_command_that_produces_says_where_to_look_too(
    secured_site: SecuredSite, tmp_path: Path, user: str, password: str, told: str
) -> None:
    (tmp_path / "events.jsonl").write_text("{}\n")
    way_in = secured_site.by_password(user) | {"CT_KAFKA__SASL_PASSWORD": password}
    command = [sys.executable, "-m", "flows.produce", "--events", str(tmp_path / "events.jsonl"), "--topic"]
    done = subprocess.run(
        [*command, secured_site.topic], env=os.environ | way_in, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr, done.stderr[-1500:]
    assert told in done.stderr
    assert MARK not in done.stderr + done.stdout


@pytest.mark.parametrize("command", ["flows.produce", "flows.backtest", "config.check", "bytewax.run"])
def test_no_help_shows_a_secret(secured_site: SecuredSite, command: str) -> None:
    way_in = secured_site.by_password() | {"CLICKHOUSE_URL": f"https://me:{CLICKHOUSE_PASSWORD}@ch/default"}
    done = subprocess.run(
        [sys.executable, "-m", command, "--help"], env=os.environ | way_in, cwd=ROOT, capture_output=True, check=True
    )
    assert b"usage" in done.stdout
    assert MARK.encode() not in done.stdout + done.stderr


@pytest.fixture
def readonly(authority: Authority, tmp_path: Path) -> Iterator[ClickHouseGateway]:
    own = authority.sign("readonly")
    grants = tuple(grant.replace(", INSERT", "") for grant in documented_grants("default"))
    admission = Admission(str(own.certificate), str(own.key), user=USER, password=CLICKHOUSE_PASSWORD, grants=grants)
    with ClickHouseGateway(tmp_path / "readonly", admission) as gateway:
        yield gateway


def test_a_missing_grant_is_named(secured_site: SecuredSite, readonly: ClickHouseGateway) -> None:
    url = f"https://{USER}@{readonly.host}:{readonly.port}/default"
    with secured_site.flow("archive", settings=secured_site.to_clickhouse() | {"CLICKHOUSE_URL": url}) as flow:
        assert flow.wait(30) == BAD_CONFIGURATION
    assert "grant INSERT" in flow.output
    assert "docs/security.md" in flow.output
