"""A ClickHouse server for tests: the real engine (chDB) behind HTTP, with faults a test can switch on.

```
test ── ClickHouseGateway, Faults ──(JSON lines on stdin/stdout)──► child: rules ──┐
  └──── clickhouse_connect.get_client(host, port) ──(HTTP)────────► child: HTTP ───┴─► engine (chDB)
```

It is a process of its own because chDB opens one path per process, and so that a test may kill it.

An `Admission` gives it TLS, one login and the grants of an account; without one every login is right until
`Faults.wrong_password`. What it does not imitate: several users, certificates as logins, sessions (each
request starts from the server's defaults, so there are no temporary tables and no `SESSION_IS_LOCKED`), progress
headers, `client_protocol_version`, compressed answers, asynchronous inserts, and replication.
"""

from tests.clickhouse_gateway.door_keeper import Admission
from tests.clickhouse_gateway.faults import Faults
from tests.clickhouse_gateway.gateway import ClickHouseGateway

__all__ = ["Admission", "ClickHouseGateway", "Faults"]
