"""The rights that `docs/security.md` says the job needs: tests grant these and no others."""

import re
import shlex

from confluent_kafka.admin import AclBinding

from tests.flow_process import ROOT
from tests.integration.live_site import Site
from tests.kafka.secured import acl

PAGE = ROOT / "docs" / "security.md"


def documented_acls(principal: str, site: Site) -> list[AclBinding]:
    """The page's list for a principal, with the site's names of the topics."""
    names = {
        "events": site.topic,
        "actions": site.actions_topic,
        "dead-letters": site.dead_letter_topic,
        "spool": site.spool_topic,
    }
    bindings = []
    for command in _commands("kafka-acls.sh --add --allow-principal User:triggers "):
        words = shlex.split(command)
        operation, resource, name = words[5], words[6].removeprefix("--"), words[7]
        bindings.append(
            acl(principal, operation, resource, names.get(name, name), prefixed="prefixed" in words[8:]),
        )
    assert {words.name for words in bindings} >= set(names.values())
    return bindings


def documented_grants(database: str) -> tuple[str, ...]:
    """The page's grants on this database, as ClickHouse takes them in a user's configuration: without the account."""
    grants = [command.removesuffix(" TO triggers;") for command in _commands("GRANT ")]
    assert any("shop.*" in grant for grant in grants)
    return tuple(grant.replace("shop.*", f"{database}.*") for grant in grants)


def _commands(beginning: str) -> list[str]:
    return re.findall(rf"^{re.escape(beginning)}.*$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
