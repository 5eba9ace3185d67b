"""A secret in a file of its own, as Docker and Kubernetes mount them: the setting names the file, not the secret."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from pydantic import PlainValidator

from config.errors import Refused

_ALLOWED: Final = "a file of UTF-8 text that holds the secret and nothing else"


@dataclass(frozen=True, slots=True)
class SecretFile:
    """Where a secret stands. It is read when it is needed, so a file that was written anew counts from then on."""

    path: Path

    def read(self) -> str:
        """The secret without the line end after it. Raises `Refused`, which shows the path and never the content."""
        try:
            secret = self.path.read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise Refused(f"cannot be read ({error.strerror})", allowed=_ALLOWED) from None
        except UnicodeDecodeError:
            raise Refused("is not UTF-8 text", allowed=_ALLOWED) from None
        if not secret:
            raise Refused("is empty", allowed=_ALLOWED)
        return secret

    def __str__(self) -> str:
        return str(self.path)


def _read_secret_file(value: object) -> SecretFile:
    if isinstance(value, SecretFile):
        return value
    if not isinstance(value, str) or not value:
        raise Refused("is not the path of a file", allowed=_ALLOWED)
    file = SecretFile(Path(value))
    file.read()
    return file


def _readable(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise Refused("is not a path", allowed="the path of a PEM file")
    try:
        with Path(value).open("rb"):
            return value
    except IsADirectoryError:
        return value  # of authorities there may be a whole folder
    except OSError as error:
        raise Refused(f"cannot be read ({error.strerror})", allowed="the path of a PEM file") from None


SecretFileSetting = Annotated[SecretFile, PlainValidator(_read_secret_file)]
"""The path of a secret's file, tried when the settings are read."""
ReadablePath = Annotated[str, PlainValidator(_readable)]
"""The path of a certificate, key or folder of them that can be read."""
