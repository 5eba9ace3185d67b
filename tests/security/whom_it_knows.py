"""Users and secrets of the tests. Every secret, the wrong ones too, begins with `MARK`, to be found where it leaks."""

from tests.kafka.secured import Secrets

USER = "triggers"
NOBODY = "without-rights"
MARK = "hunter2-SECRET"
SCRAM_PASSWORD = f"{MARK}-of-scram"
PLAIN_PASSWORD = f"{MARK}-of-plain"
CLIENT_ID = "triggers-by-token"
CLIENT_SECRET = f"{MARK}-of-oauth"
KEY_PASSWORD = f"{MARK}-of-key"
CLICKHOUSE_PASSWORD = f"{MARK}-of-clickhouse"
CLICKHOUSE_TOKEN = f"{MARK}.of.token"
WRONG = f"{MARK}-that-is-wrong"

KNOWN = Secrets(scram={USER: SCRAM_PASSWORD, NOBODY: SCRAM_PASSWORD}, plain={USER: PLAIN_PASSWORD})
CLIENTS = {CLIENT_ID: CLIENT_SECRET}
