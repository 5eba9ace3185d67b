"""The whole pipeline over secured connections, with the rights that `docs/security.md` lists and no others."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import Producer

from config.settings import load_settings
from sinks.clickhouse.client import connect
from tests.integration.live_topics import Sent, event
from tests.security.secured_site import Environment, SecuredSite
from tests.security.whom_it_knows import CLICKHOUSE_TOKEN, CLIENT_ID, KEY_PASSWORD, MARK, USER

pytestmark = pytest.mark.integration

MINUTE_MS = 60_000

LOGINS: dict[str, tuple[str, Callable[[SecuredSite], Environment]]] = {
    "SCRAM-SHA-512": (f"User:{USER}", lambda site: site.by_password()),
    "OAUTHBEARER": (f"User:{CLIENT_ID}", lambda site: site.by_token()),
    "mutual TLS": (
        "User:CN=job",
        lambda site: site.by_certificate(site.authority.sign("job", key_password=KEY_PASSWORD)),
    ),
}


@pytest.mark.parametrize("login", LOGINS)
def test_the_pipeline_runs_with_the_documented_rights(secured_site: SecuredSite, login: str) -> None:
    principal, way_in = LOGINS[login]
    site = secured_site
    site.grant_documented(principal)
    site.abandonment()
    then_ms = time.time_ns() // 1_000_000 - 60 * MINUTE_MS
    site.produce([event("e1", "cart_add", "c1", then_ms), Sent(b"no event", b"c2", then_ms)])
    store = site.recovery_store()
    counted = f"SELECT count() FROM {{}} WHERE topic = '{site.topic}'"
    with site.flow(recovery=store, settings=way_in(site) | site.to_clickhouse()) as flow:
        flow.wait_until(lambda: len(site.actions()) == 1, what="the action on Kafka")
        flow.wait_until(lambda: len(site.dead_letters()) == 1, what="the dead letter on Kafka")
        flow.wait_until(lambda: site.number(counted.format("events")) == 1, what="the event archived")
        flow.wait_until(lambda: site.number(counted.format("dead_letters")) == 1, what="the dead letter archived")
        store.wait_until_kept(flow)
        metrics = flow.served()
        flow.stop()
    said = flow.output + metrics + (site.folder / "dataflow.json").read_text()
    kept = b"".join(file.read_bytes() for file in store.folder.iterdir())
    letters = repr(site.dead_letters()) + repr(site.actions())
    for token in (MARK, *site.tokens.given):
        assert token not in said
        assert token.encode() not in kept
        assert token not in letters


def test_triggers_alone_runs_with_the_documented_rights(secured_site: SecuredSite) -> None:
    site = secured_site
    site.grant_documented(f"User:{USER}")
    site.abandonment()
    then_ms = time.time_ns() // 1_000_000 - 60 * MINUTE_MS
    site.produce([event("e1", "cart_add", "c1", then_ms)])
    with site.flow("triggers", settings=site.by_password() | site.to_clickhouse()) as flow:
        flow.wait_until(lambda: len(site.actions()) == 1, what="the action on Kafka")
        counted = "SELECT count() FROM decisions WHERE outcome = 'action'"
        flow.wait_until(lambda: site.number(counted) >= 1, what="its row, by way of the spool")
        flow.stop()
    assert "rows go to ClickHouse straight" not in flow.output


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_other_mechanisms_let_in(secured_site: SecuredSite, mechanism: str) -> None:
    """What comes after the login is the same."""
    secured_site.grant_documented(f"User:{USER}")
    connection = load_settings(secured_site.by_password(mechanism=mechanism)).kafka.librdkafka()
    delivered: list[bool] = []
    producer = Producer({**connection, "log_level": 0})
    producer.produce(secured_site.actions_topic, b"{}", on_delivery=lambda error, _: delivered.append(error is None))
    producer.flush(10)
    assert delivered == [True]


def test_a_transactional_id_is_granted_by_its_prefix(secured_site: SecuredSite) -> None:
    secured_site.grant_documented(f"User:{USER}")
    connection = load_settings(secured_site.by_password()).kafka.librdkafka()
    producer = Producer({**connection, "transactional.id": "customer-triggers-actions-0", "log_level": 0})
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(secured_site.actions_topic, b"{}")
    producer.commit_transaction(20)
    assert [action.value for action in secured_site.actions()] == [b"{}"]


def test_a_token_from_a_file_opens_clickhouse(secured_site: SecuredSite, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{CLICKHOUSE_TOKEN}\n")
    url = secured_site.clickhouse.replace(f"{USER}@", "")
    environment = {**secured_site.to_clickhouse(), "CLICKHOUSE_URL": url, "CT_CLICKHOUSE__TOKEN_FILE": str(file)}
    del environment["CT_CLICKHOUSE__PASSWORD_FILE"]
    client = connect(load_settings(environment).clickhouse.url)
    assert client.command("SELECT 1") == 1
    client.close()


@pytest.mark.parametrize("login", ["SCRAM-SHA-512", "OAUTHBEARER"])
def test_a_secured_broker_that_restarts_refuses_nobody(secured_site: SecuredSite, login: str) -> None:
    """What cannot mend stops the job at once, so what mends must not look like it."""
    principal, way_in = LOGINS[login]
    site = secured_site
    site.grant_documented(principal)
    site.trigger("trigger: t\nversion: 1\nmatch: {steps: [{event: hello}]}\nactions: [{channel: email, template: t}]")
    now_ms = time.time_ns() // 1_000_000
    site.produce([event("e1", "hello", "c1", now_ms)])
    with site.flow(settings=way_in(site) | site.to_clickhouse()) as flow:
        flow.wait_until(lambda: len(site.actions()) == 1, what="an action before")
        site.secured_kafka.kill()
        site.secured_kafka.start()
        site.produce([event("e2", "hello", "c1", now_ms + 1)])
        flow.wait_until(lambda: len(site.actions()) == 2, what="an action after")
