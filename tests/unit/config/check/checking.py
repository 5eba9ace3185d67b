"""Trigger files in a folder, checked as the command checks them."""

import textwrap
from pathlib import Path

from config.check import Checked, Warned, check

ASKED = "policy: {consent: marketing}\nactions: [{channel: email, template: reminder}]"


def trigger_text(match: str, rest: str = ASKED, *, name: str = "tested") -> str:
    """A trigger file whose `match` block begins in line 4."""
    body = textwrap.indent(textwrap.dedent(match).strip("\n"), "  ")
    return f"trigger: {name}\nversion: 1\nmatch:\n{body}\n{textwrap.dedent(rest).strip()}\n"


class Folder:
    """A folder of triggers beside schemas and a policy for everybody."""

    def __init__(self, path: Path) -> None:
        self.triggers, self.events, self.policy = path / "triggers", path / "events", path / "policy.yaml"
        self.triggers.mkdir()
        self.events.mkdir()

    def add(self, match: str, rest: str = ASKED, *, name: str = "tested") -> None:
        (self.triggers / f"{name}.yaml").write_text(trigger_text(match, rest, name=name), encoding="utf-8")

    def declare(self, event: str, properties: str = "{}") -> None:
        text = f"event: {event}\nproperties: {properties}\n"
        (self.events / f"{event}.yaml").write_text(text, encoding="utf-8")

    def checked(self) -> Checked:
        policy = self.policy if self.policy.exists() else None
        checked = check([self.triggers], events=self.events, policy=policy)
        assert not checked.problems, "\n".join(map(str, checked.problems))
        return checked

    def warnings(self, match: str, rest: str = ASKED) -> list[tuple[str, int | None]]:
        """Code and line of every warning about one trigger."""
        self.add(match, rest)
        return [(warned.code, warned.line) for warned in self.checked().warnings]

    def only_warning(self, match: str, rest: str = ASKED) -> Warned:
        self.add(match, rest)
        found = self.checked().warnings
        assert len(found) == 1, "\n".join(map(str, found))
        return found[0]
