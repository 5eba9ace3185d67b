"""Builds a peer's Java with Maven and runs one of its classes in a process of its own.

Each peer is a project in a folder here; what Maven makes of it goes to `target/`, which git ignores, and is made
again when a source or the pom changes. What the projects share is in `events/`.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.child import Cost, run_child

FOLDER = Path(__file__).parent
PACKAGE = "customertriggers.peer"


class MavenBuildError(RuntimeError):
    """Maven failed or is not here; the message has the end of what it said."""


@dataclass(frozen=True)
class MavenProject:
    """`name` is its folder, and the property NAME.version of its pom; the jars of `artifacts` tell what was built."""

    name: str
    artifacts: tuple[str, ...]

    def build(self, *, version: str | None = None) -> None:
        """Compiles it and fetches what it needs, unless that is done already. Raises MavenBuildError."""
        stamp = self._target / "built-from"
        wanted = self._fingerprint(version)
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
            return
        shutil.rmtree(self._target, ignore_errors=True)
        command = ["mvn", "--batch-mode", "--quiet", "process-classes"]
        if version is not None:
            command.append(f"-D{self.name}.version={version}")
        try:
            done = subprocess.run(command, cwd=FOLDER / self.name, capture_output=True, text=True, check=False)
        except FileNotFoundError as missing:
            raise MavenBuildError("mvn is not on the path: install Maven and a JDK 17") from missing
        if done.returncode != 0:
            raise MavenBuildError(f"mvn exit {done.returncode}:\n{(done.stdout + done.stderr)[-4000:]}")
        stamp.write_text(wanted, encoding="utf-8")

    def versions(self) -> dict[str, str]:
        """By artifact, of what was built."""
        found = {}
        for artifact in self.artifacts:
            jar = next((self._target / "lib").glob(f"{artifact}-*.jar"))
            found[artifact] = jar.stem.removeprefix(f"{artifact}-")
        return found

    def run(
        self,
        job: str,
        positional: Sequence[str | Path] = (),
        *,
        named: Mapping[str, str | Path] | None = None,
        jvm_options: Sequence[str] = (),
        heap: str = "4g",
    ) -> Cost:
        """Runs the class, built before, and waits for it; `named` become `--name value`. Raises ChildError."""
        options = [part for name, value in (named or {}).items() for part in (f"--{name}", value)]
        classpath = f"{self._target / 'classes'}:{self._target / 'lib'}/*"
        return run_child(
            ["java", f"-Xmx{heap}", *jvm_options, "-cp", classpath, f"{PACKAGE}.{job}", *positional, *options]
        )

    @property
    def _target(self) -> Path:
        return FOLDER / "target" / self.name

    def _fingerprint(self, version: str | None) -> str:
        digest = hashlib.sha256((version or "").encode())
        project = FOLDER / self.name
        sources = [project / "pom.xml", *project.glob("src/**/*.java"), *FOLDER.glob("events/**/*.java")]
        for source in sorted(sources):
            digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
        return digest.hexdigest()
