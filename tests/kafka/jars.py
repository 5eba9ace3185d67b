"""Apache Kafka's published jars, copied once by Maven into a cache outside git."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from xml.etree import ElementTree

_POM = Path(__file__).with_name("pom.xml")
_OLDEST_JAVA = 17  # Kafka 4 brokers are compiled for it
_MAVEN_TIMEOUT_S = 600


def kafka_version() -> str:
    """The version named in `pom.xml`."""
    version = ElementTree.parse(_POM).getroot().findtext("properties/kafka.version")
    if version is None:
        raise RuntimeError(f"{_POM} names no <kafka.version>")
    return version


def why_no_jvm() -> str | None:
    """None where this machine has Maven and a Java that runs a Kafka 4 broker, otherwise what it lacks."""
    if shutil.which("mvn") is None:
        return "no `mvn` on the path"
    if shutil.which("java") is None:
        return "no `java` on the path"
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    if found is None or int(found.group(1)) < _OLDEST_JAVA:
        return f"`java` is older than {_OLDEST_JAVA}: {said.splitlines()[:1]}"
    return None


def kafka_jars() -> Path:
    """Returns the folder with a broker's jars; the first call on a machine takes them from Maven (45 MB).

    Safe to call from several processes at once and to abort: a lock admits one at a time, and the folder gets
    its name only when Maven has finished, so a folder that exists is complete. Its name holds the pom's
    digest: a changed pom is a new folder.

    Raises:
        RuntimeError: Maven failed; the message ends in what it said.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "customer-triggers"
    digest = hashlib.sha256(_POM.read_bytes()).hexdigest()[:8]
    jars = cache / f"kafka-{kafka_version()}-{digest}"
    cache.mkdir(parents=True, exist_ok=True)
    with open(f"{jars}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not jars.is_dir():
            with tempfile.TemporaryDirectory(dir=cache, prefix="partial-") as partial:
                _copy_dependencies(Path(partial) / "jars")
                (Path(partial) / "jars").rename(jars)
    return jars


def _copy_dependencies(target: Path) -> None:
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={target}"]
    command = ["mvn", "-q", "-B", "-f", str(_POM), *goal]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_MAVEN_TIMEOUT_S, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"Maven could not get Kafka's jars:\n{(done.stdout + done.stderr)[-4000:]}")
