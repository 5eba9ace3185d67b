"""A broker that lets in only whom it knows, and lets them do only what they were granted."""

from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from tests.certificates import Authority
from tests.kafka.token_server import AUDIENCE, ISSUER, TokenServer
from tests.kafka.topics import admin_client
from tests.kafka_server import KafkaServer
from tests.loopback_port import LOOPBACK, free_port

LISTENERS = ("SASL", "SCRAM", "MUTUAL", "EXPIRED", "ELSEWHERE", "STRANGE")
_SASL_MECHANISMS = {"SASL": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER", "SCRAM": "SCRAM-SHA-512"}
_SECURITY = "org.apache.kafka.common.security"


@dataclass(frozen=True)
class Secrets:
    """Whom the broker knows."""

    scram: dict[str, str] = field(default_factory=dict)
    plain: dict[str, str] = field(default_factory=dict)


class SecuredKafka(KafkaServer):
    """Beside the tests' own way in (in clear, allowed everything) it listens at `address(LISTENER)`:

    SASL       SASL_SSL, every mechanism
    SCRAM      SASL_SSL, SCRAM-SHA-512 alone
    MUTUAL     SSL, for clients with a certificate of the authority
    EXPIRED    SSL, its own certificate is out of date
    ELSEWHERE  SSL, its own certificate is for another host
    STRANGE    SSL, its own certificate is of an authority nobody knows
    """

    def __init__(self, folder: Path, authority: Authority, secrets: Secrets, tokens: TokenServer) -> None:
        super().__init__(folder)
        self._ports = {name: free_port() for name in LISTENERS}
        self._secrets = secrets
        self._tokens = tokens
        certificates = {
            "SASL": authority.sign("sasl"),
            "SCRAM": authority.sign("scram"),
            "MUTUAL": authority.sign("mutual"),
            "EXPIRED": authority.sign("expired", expired=True),
            "ELSEWHERE": authority.sign("elsewhere", host="kafka.elsewhere"),
            "STRANGE": Authority(folder / "strange", "strangers").sign("strange"),
        }
        self._stores = {name: made.both for name, made in certificates.items()}
        self._trusted = authority.certificate

    def address(self, listener: str) -> str:
        return f"{LOOPBACK}:{self._ports[listener]}"

    def grant(self, bindings: list[AclBinding]) -> None:
        """Returns when the broker goes by them."""
        admin = admin_client(self.bootstrap_servers)  # kept: its end would be the end of the request
        for answer in admin.create_acls(bindings).values():
            answer.result(timeout=30)

    def take_away(self, binding: AclBinding) -> None:
        """Returns when the broker no longer goes by it."""
        gone = AclBindingFilter(
            binding.restype, binding.name, binding.resource_pattern_type, binding.principal, binding.host,
            binding.operation, binding.permission_type,
        )  # fmt: skip
        admin = admin_client(self.bootstrap_servers)
        (answer,) = admin.delete_acls([gone]).values()
        assert answer.result(timeout=30) == [binding]

    def extra_properties(self) -> dict[str, str]:
        lines = {
            "listeners": ",".join(f"{name}://{LOOPBACK}:{port}" for name, port in self._ports.items()),
            "advertised.listeners": ",".join(f"{name}://{LOOPBACK}:{port}" for name, port in self._ports.items()),
            "listener.security.protocol.map": ",".join(
                f"{name}:{'SASL_SSL' if name in _SASL_MECHANISMS else 'SSL'}" for name in LISTENERS
            ),
        }
        for name, store in self._stores.items():
            prefix = f"listener.name.{name.lower()}.ssl"
            lines |= {
                f"{prefix}.keystore.type": "PEM",
                f"{prefix}.keystore.location": str(store),
                f"{prefix}.truststore.type": "PEM",
                f"{prefix}.truststore.location": str(self._trusted),
                f"{prefix}.client.auth": "required" if name == "MUTUAL" else "none",
            }
        sasl = "listener.name.sasl"
        users = " ".join(f'user_{name}="{password}"' for name, password in self._secrets.plain.items())
        return lines | {
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            # Who comes in clear is the test itself, or the broker.
            "super.users": "User:ANONYMOUS",
            **{f"listener.name.{name.lower()}.sasl.enabled.mechanisms": of for name, of in _SASL_MECHANISMS.items()},
            f"{sasl}.plain.sasl.jaas.config": f"{_SECURITY}.plain.PlainLoginModule required {users};",
            **{
                f"listener.name.{place}.sasl.jaas.config": f"{_SECURITY}.scram.ScramLoginModule required;"
                for place in ("sasl.scram-sha-256", "sasl.scram-sha-512", "scram.scram-sha-512")
            },
            f"{sasl}.oauthbearer.sasl.jaas.config": f"{_SECURITY}.oauthbearer.OAuthBearerLoginModule required;",
            f"{sasl}.oauthbearer.sasl.server.callback.handler.class": (
                f"{_SECURITY}.oauthbearer.OAuthBearerValidatorCallbackHandler"
            ),
            f"{sasl}.oauthbearer.sasl.oauthbearer.jwks.endpoint.url": self._tokens.keys_url,
            f"{sasl}.oauthbearer.sasl.oauthbearer.expected.audience": AUDIENCE,
            f"{sasl}.oauthbearer.sasl.oauthbearer.expected.issuer": ISSUER,
        }

    def format_options(self) -> list[str]:
        return [
            option
            for name, password in self._secrets.scram.items()
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")
            for option in ("--add-scram", f"{mechanism}=[name={name},password={password}]")
        ]

    def jvm_options(self) -> list[str]:
        return [f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={self._tokens.keys_url}"]


def acl(principal: str, operation: str, resource: str, name: str, *, prefixed: bool = False) -> AclBinding:
    """`acl("User:triggers", "Read", "topic", "events")`."""
    pattern = ResourcePatternType.PREFIXED if prefixed else ResourcePatternType.LITERAL
    kind = {
        "topic": ResourceType.TOPIC,
        "group": ResourceType.GROUP,
        "cluster": ResourceType.BROKER,
        "transactional-id": ResourceType.TRANSACTIONAL_ID,
    }[resource]
    what = AclOperation["".join(f"_{letter}" if letter.isupper() else letter for letter in operation)[1:].upper()]
    return AclBinding(kind, name, pattern, principal, "*", what, AclPermissionType.ALLOW)
