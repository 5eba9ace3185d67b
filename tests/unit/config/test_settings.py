"""Settings: the environment over the file, nothing unknown, no secret shown."""

import json

import pytest

from config.clickhouse_url import parse_clickhouse_url
from config.errors import ConfigError, Refused
from config.settings import Settings, load_settings
from config.settings_sources import variables_of

FILE = """\
kafka:
  bootstrap_servers: file:9092
  security_protocol: SASL_SSL
  sasl_mechanism: SCRAM-SHA-512
  sasl_username: triggers
  sasl_password: hunter2
  options: {queued.max.messages.kbytes: 65536, oauthbearer.client.secret: hunter2}
topics:
  Shop.Events: {envelope: segment, max_delay: 30s}
  prices: {}
clickhouse: {url: "https://me:hunter2@ch.example/shop"}
key_groups: 64
idle_after: 1s
"""


@pytest.fixture
def settings_file(tmp_path):
    path = tmp_path / "settings.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


def problems(environment):
    with pytest.raises(ConfigError) as refusal:
        load_settings(environment)
    return refusal.value.problems


def file_problems(tmp_path, text):
    path = tmp_path / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    return problems({"CT_SETTINGS": str(path)})


def test_without_anything_there_are_defaults():
    settings = load_settings({})
    assert {name: topic.envelope for name, topic in settings.topics.items()} == {"events": "canonical"}
    assert (settings.actions_topic, settings.dead_letter_topic, settings.key_groups) == ("actions", "dead-letters", 256)
    assert (settings.max_out_of_orderness_us, settings.max_future_skew_us) == (5_000_000, 300_000_000)
    assert (settings.idle_after_us, settings.dedupe_horizon_us) == (500_000, 604_800_000_000)
    assert settings.clickhouse.url.is_embedded
    assert (settings.triggers_folder / "welcome.yaml").is_file()
    assert (settings.events_folder / "price_changed.yaml").is_file()
    assert (settings.vocabulary_folder / "segment.yaml").is_file()


def test_the_file_has_the_same_keys(settings_file):
    settings = load_settings({"CT_SETTINGS": str(settings_file)})
    assert (settings.kafka.bootstrap_servers, settings.key_groups, settings.idle_after_us) == (
        "file:9092",
        64,
        1_000_000,
    )
    assert settings.topics["Shop.Events"].envelope == "segment"
    assert settings.max_delay_us("Shop.Events") == 30_000_000
    assert settings.max_delay_us("prices") == settings.max_out_of_orderness_us


def test_the_environment_wins_over_the_file_value_by_value(settings_file):
    settings = load_settings(
        {
            "CT_SETTINGS": str(settings_file),
            "KAFKA_BOOTSTRAP_SERVERS": "env:9092",
            "CLICKHOUSE_URL": "http://ch:9000/other",
            "CT_KEY_GROUPS": "128",
            "CT_KAFKA__SASL_USERNAME": "other",
            "CT_TOPICS__PRICES__ENVELOPE": "auto",
        }
    )
    assert (settings.kafka.bootstrap_servers, settings.key_groups) == ("env:9092", 128)
    assert (settings.kafka.sasl_username, settings.kafka.sasl_mechanism) == ("other", "SCRAM-SHA-512")
    assert (settings.clickhouse.url.host, settings.clickhouse.url.port) == ("ch", 9000)
    assert {name: topic.envelope for name, topic in settings.topics.items()} == {
        "Shop.Events": "segment",
        "prices": "auto",
    }


def test_a_mapping_may_be_json_for_names_that_a_variable_cannot_have():
    settings = load_settings(
        {
            "CT_TOPICS": json.dumps({"Shop.Events": {"envelope": "cloudevents"}}),
            "CT_TOPICS__CLICKS__MAX_DELAY": "1m",
            "CT_KAFKA__OPTIONS": json.dumps({"client.id": "ct", "enable.sparse.connections": False}),
        }
    )
    assert set(settings.topics) == {"Shop.Events", "clicks"}
    assert settings.max_delay_us("clicks") == 60_000_000
    assert settings.kafka.librdkafka()["client.id"] == "ct"


def test_other_variables_are_nobodys_business():
    assert load_settings({"PATH": "/bin", "KAFKA_HOME": "/opt", "ct_key_groups": "1"}).key_groups == 256


def test_the_process_environment_is_read_by_default(monkeypatch):
    monkeypatch.setenv("CT_KEY_GROUPS", "32")
    monkeypatch.delenv("CT_SETTINGS", raising=False)
    assert load_settings().key_groups == 32


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("CT_KEY_GRUOPS", "CT_KEY_GROUPS"),
        ("CT_KAFKA__SASL_PASWORD", "CT_KAFKA__SASL_PASSWORD"),
        ("CT_KAFKA__BOOTSTRAP_SERVERS", "KAFKA_BOOTSTRAP_SERVERS"),
        ("CT_CLICKHOUSE__URL", "CLICKHOUSE_URL"),
        ("CT_TOPICS__EVENTS__ENVELOP", "CT_TOPICS__NAME__ENVELOPE"),
    ],
)
def test_an_unknown_variable_is_refused_with_the_nearest_right_one(variable, meant):
    (problem,) = problems({variable: "hunter2"})
    assert (problem.file, problem.path, problem.message) == ("environment", variable, "is not a setting")
    assert problem.hint == f"did you mean {meant}?"
    assert meant in problem.allowed
    assert "hunter2" not in str(problem)


@pytest.mark.parametrize("variable", ["CT_", "CT_KAFKA__", "CT_KEY_GROUPS__X", "CT_TOPICS__A__ENVELOPE__B", "CT_EPOCH"])
def test_a_variable_that_leads_nowhere_is_refused(variable):
    (problem,) = problems({variable: "1"})
    assert problem.message == "is not a setting"


def test_all_unknown_variables_are_said():
    assert [problem.path for problem in problems({"CT_B": "1", "CT_A": "1"})] == ["CT_A", "CT_B"]


def test_every_setting_has_a_variable():
    assert {"KAFKA_BOOTSTRAP_SERVERS", "CLICKHOUSE_URL", "CT_SETTINGS", "CT_MAX_OUT_OF_ORDERNESS"} <= set(
        variables_of(Settings)
    )
    assert len(variables_of(Settings)) == len(set(variables_of(Settings)))


@pytest.mark.parametrize(
    ("line", "path", "message"),
    [
        ("key_grups: 3", "key_grups", "is not a setting"),
        ("idle_after:", "idle_after", "is empty"),
        ("idle_after: 0s", "idle_after", "is no time at all"),
        ("max_out_of_orderness: 5", "max_out_of_orderness", "has no unit"),
        ("key_groups: 0", "key_groups", "is too small"),
        ("key_groups: 65537", "key_groups", "is too large"),
        ("key_groups: true", "key_groups", "is not a whole number"),
        ("chunk_size: some", "chunk_size", "is not a whole number"),
        ("actions_topic: ''", "actions_topic", "is empty"),
        ("actions_topic: dead-letters", "dead_letter_topic", "is also the actions topic"),
        ("topics: {}", "topics", "is empty"),
        ("topics: {dead-letters: {}}", "dead_letter_topic", "is also read"),
        ("topics: {e: {envelope: json}}", "topics.e.envelope", "is not one of the words here"),
        ("topics: {e: {envelop: segment}}", "topics.e.envelop", "is not known here"),
        ("kafka: {sasl_pasword: x}", "kafka.sasl_pasword", "is not known here"),
        ("kafka: {security_protocol: TLS}", "kafka.security_protocol", "is not one of the words here"),
        ("kafka: {security_protocol: SASL_SSL}", "kafka.sasl_mechanism", "is missing"),
        ("kafka: {sasl_mechanism: PLAIN}", "kafka.sasl_mechanism", "has no use"),
        ("kafka: {sasl_password: hunter2}", "kafka.sasl_password", "has no use"),
        ("kafka: {options: {bootstrap.servers: x}}", "kafka.options.bootstrap.servers", "has a key of its own"),
        ("kafka: {options: {x: [1]}}", "kafka.options.x", "is not a value of librdkafka"),
        ("kafka: text", "kafka", "is not a mapping"),
        ("kafka: {ssl_ca_location: Makefile}", "kafka.ssl_ca_location", "has no use"),
        ("kafka: {oauth_client_id: me}", "kafka.oauth_client_id", "has no use"),
        (
            "kafka: {security_protocol: SSL, ssl_ca_location: nowhere.pem}",
            "kafka.ssl_ca_location",
            "cannot be read (No such file or directory)",
        ),
        (
            "kafka: {security_protocol: SSL, ssl_key_location: Makefile}",
            "kafka.ssl_certificate_location",
            "is missing",
        ),
        (
            "kafka: {options: {sasl.oauthbearer.client.secret: x}}",
            "kafka.options.sasl.oauthbearer.client.secret",
            "has a key of its own",
        ),
        ("clickhouse: {url: 'ftp://ch/db'}", "clickhouse.url", "is not a ClickHouse URL"),
        ("clickhouse: {url: 'http://ch', token: t}", "clickhouse.token", "has no use"),
        ("clickhouse: {url: 'https://me@ch', token: t}", "clickhouse.token", "is a second login"),
        ("clickhouse: {url: 'https://me:pw@ch', password_file: Makefile}", "clickhouse.password_file", "second login"),
        (
            "clickhouse: {url: 'https://c', ssl_key_location: Makefile}",
            "clickhouse.ssl_certificate_location",
            "missing",
        ),
    ],
)
def test_a_setting_that_cannot_work_is_refused_with_its_line(tmp_path, line, path, message):
    (problem,) = file_problems(tmp_path, f"# settings\n{line}\n")
    assert (problem.path, message in problem.message) == (path, True), str(problem)
    assert problem.line in (2, 1 if path == "dead_letter_topic" else 2)
    assert problem.file.endswith("settings.yaml")


def test_a_setting_from_the_environment_is_refused_by_its_variable():
    (problem,) = problems({"CT_IDLE_AFTER": "500"})
    assert str(problem) == (
        'environment: CT_IDLE_AFTER: "500" is not a duration; allowed: a number and one of ms s m h d w, e.g. 30m'
    )


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_login_with_a_password_needs_both(mechanism):
    environment = {"CT_KAFKA__SECURITY_PROTOCOL": "SASL_SSL", "CT_KAFKA__SASL_MECHANISM": mechanism}
    assert {problem.path for problem in problems(environment)} == {"kafka.sasl_username", "kafka.sasl_password"}
    full = environment | {"CT_KAFKA__SASL_USERNAME": "u", "CT_KAFKA__SASL_PASSWORD": "hunter2"}
    assert load_settings(full).kafka.librdkafka()["sasl.password"] == "hunter2"


def test_a_token_by_client_credentials_needs_all_three():
    environment = {
        "CT_KAFKA__SECURITY_PROTOCOL": "SASL_SSL",
        "CT_KAFKA__SASL_MECHANISM": "OAUTHBEARER",
        "CT_KAFKA__OAUTH_CLIENT_ID": "me",
    }
    missing = {problem.path for problem in problems(environment)}
    assert missing == {"kafka.oauth_client_secret", "kafka.oauth_token_url"}
    full = environment | {"CT_KAFKA__OAUTH_CLIENT_SECRET": "hunter2", "CT_KAFKA__OAUTH_TOKEN_URL": "https://id/token"}
    config = load_settings(full).kafka.librdkafka()
    assert (config["sasl.oauthbearer.method"], config["sasl.oauthbearer.client.secret"]) == ("oidc", "hunter2")


def test_a_secret_may_stand_in_a_file(tmp_path):
    (tmp_path / "secret").write_text("hunter2\n")
    scram = {
        "CT_KAFKA__SECURITY_PROTOCOL": "SASL_SSL",
        "CT_KAFKA__SASL_MECHANISM": "SCRAM-SHA-512",
        "CT_KAFKA__SASL_USERNAME": "me",
        "CT_KAFKA__SASL_PASSWORD_FILE": str(tmp_path / "secret"),
        "CLICKHOUSE_URL": "https://me@ch",
        "CT_CLICKHOUSE__PASSWORD_FILE": str(tmp_path / "secret"),
    }
    settings = load_settings(scram)
    assert settings.kafka.librdkafka()["sasl.password"] == "hunter2"
    assert settings.clickhouse.url.password.get_secret_value() == "hunter2"
    assert settings.clickhouse.url.secrets() == ("hunter2",)
    for shown in (repr(settings), settings.describe(), repr(settings.clickhouse.url)):
        assert "hunter2" not in shown
    (problem,) = problems(scram | {"CT_KAFKA__SASL_PASSWORD": "hunter2"})
    assert (problem.path, problem.message) == ("CT_KAFKA__SASL_PASSWORD_FILE", "is written twice")


def test_the_token_of_clickhouse_is_read_anew(tmp_path):
    file = tmp_path / "token"
    file.write_text("first")
    url = load_settings({"CLICKHOUSE_URL": "https://ch", "CT_CLICKHOUSE__TOKEN_FILE": str(file)}).clickhouse.url
    file.write_text("second\n")
    assert url.token_file.read() == "second"
    assert url.secrets() == ("second",)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "is empty"), (b"\n", "is empty"), (b"\xff", "is not UTF-8 text"), (None, "cannot be")],
)
def test_a_file_without_a_secret_is_refused(tmp_path, content, message):
    file = tmp_path / "hunter2"
    if content is not None:
        file.write_bytes(content)
    (problem,) = problems({"CLICKHOUSE_URL": "https://ch", "CT_CLICKHOUSE__TOKEN_FILE": str(file)})
    assert problem.path in ("clickhouse.token_file", "CT_CLICKHOUSE__TOKEN_FILE")
    assert message in problem.message
    assert "hunter2" not in str(problem)  # somebody may have written the secret itself there


def test_a_file_that_is_not_there_is_refused():
    (problem,) = problems({"CT_SETTINGS": "nowhere.yaml"})
    assert (problem.file, problem.allowed) == ("nowhere.yaml", "a YAML file")


def test_the_problems_of_file_and_environment_come_together(tmp_path):
    path = tmp_path / "settings.yaml"
    path.write_text("key_grups: 1\nchunk_size: 0\n", encoding="utf-8")
    found = problems({"CT_SETTINGS": str(path), "CT_X": "1", "CT_IDLE_AFTER": "0s"})
    assert {problem.path for problem in found} == {"key_grups", "chunk_size", "CT_X", "CT_IDLE_AFTER"}


def test_no_secret_is_ever_shown(settings_file):
    settings = load_settings({"CT_SETTINGS": str(settings_file)})
    for shown in (repr(settings), str(settings), settings.describe(), str(settings.clickhouse.url)):
        assert "hunter2" not in shown
    assert settings.kafka.librdkafka()["sasl.password"] == "hunter2"
    assert settings.clickhouse.url.password.get_secret_value() == "hunter2"


@pytest.mark.parametrize(
    "environment",
    [
        {"CLICKHOUSE_URL": "ftp://me:hunter2@ch/db"},
        {"CLICKHOUSE_URL": "http://me:hunter2@ch:port/db"},
        {"CT_KAFKA": "hunter2"},
        {"CT_KAFKA": '{"sasl_password": 5, "sasl_passwrd": "hunter2"}'},
        {"CT_KAFKA__OPTIONS": "hunter2"},
        {"CT_KAFKA__OPTIONS": '{"sasl.password": "hunter2"}'},
        {"CT_KAFKA__SASL_PASSWORD": '{"x": "hunter2"}'},
        {"CT_CLICKHOUSE": '"hunter2"'},
    ],
)
def test_no_problem_shows_a_secret(environment):
    with pytest.raises(ConfigError) as refusal:
        load_settings(environment)
    assert "hunter2" not in str(refusal.value)
    assert "hunter2" not in repr(refusal.value)
    assert refusal.value.__cause__ is None


def test_what_is_in_force_is_described_a_line_a_key(settings_file):
    lines = load_settings({"CT_SETTINGS": str(settings_file)}).describe().splitlines()
    assert "kafka.sasl_password = ***" in lines
    assert "kafka.options.oauthbearer.client.secret = ***" in lines
    assert "kafka.options.queued.max.messages.kbytes = 65536" in lines
    assert "clickhouse.url = https://me:***@ch.example:8443/shop" in lines
    assert "topics.Shop.Events.max_delay = 30s" in lines
    assert "topics.prices.max_delay = -" in lines
    assert "idle_after = 1s" in lines
    assert "dedupe_horizon = 7d" in lines


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("http://u:p%40ss@host:8124/db", ("host", 8124, "db", "u", "p@ss", False)),
        ("http://host", ("host", 8123, "default", "default", "", False)),
        ("https://host/db/", ("host", 8443, "db", "default", "", True)),
        ("http://[::1]:8123", ("::1", 8123, "default", "default", "", False)),
    ],
)
def test_a_server_url_has_its_parts(text, parts):
    url = parse_clickhouse_url(text)
    assert (url.host, url.port, url.database, url.username, url.password.get_secret_value(), url.is_secure) == parts
    assert (url.is_embedded, url.embedded_path) == (False, None)


@pytest.mark.parametrize(("text", "folder"), [("chdb:///var/ct", "/var/ct"), ("chdb://var/ct", "var/ct")])
def test_an_embedded_engine_has_its_folder(text, folder):
    url = parse_clickhouse_url(text)
    assert (url.embedded_path, url.is_embedded, str(url)) == (folder, True, text)


@pytest.mark.parametrize(
    "text", ["", "host:8123", "http://", "http://h:99999", "http://h/a/b", "http://h/db?x=1", "chdb://", "chdb:///", 5]
)
def test_other_urls_are_refused(text):
    with pytest.raises(Refused):
        parse_clickhouse_url(text)


def test_the_actions_topic_is_read_in_its_own_envelope_and_no_other_is():
    read = load_settings({"CT_TOPICS__EVENTS__ENVELOPE": "canonical", "CT_TOPICS__ACTIONS__ENVELOPE": "actions"})
    assert read.topics["actions"].envelope == "actions"
    for topic, envelope, allowed in (
        ("ACTIONS", "canonical", "actions"),
        ("EVENTS", "actions", "canonical, segment, cloudevents, auto"),
    ):
        with pytest.raises(ConfigError) as refused:
            load_settings({f"CT_TOPICS__{topic}__ENVELOPE": envelope})
        assert f"allowed: {allowed}" in str(refused.value)
