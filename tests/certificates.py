"""Certificates for tests, made when a test asks: an authority, servers it vouches for, clients it knows."""

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.loopback_port import LOOPBACK

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Certificate:
    """PEM files: the certificate, its key, and both in one as a Java broker wants them."""

    certificate: Path
    key: Path
    both: Path


class Authority:
    """Signs certificates. Two of them do not know each other."""

    def __init__(self, folder: Path, name: str = "tests") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._key = _new_key()
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"authority of {name}")])
        begun = dt.datetime.now(dt.UTC)
        own = _builder(self._name, self._name, self._key, begun - _DAY, begun + _DAY)
        own = own.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.certificate = folder / f"{name}-authority.pem"
        self.certificate.write_bytes(own.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def sign(
        self, name: str, *, host: str = LOOPBACK, expired: bool = False, key_password: str | None = None
    ) -> Certificate:
        """A certificate of `name` for `host`; the key file is encrypted where there is a password."""
        key = _new_key()
        now = dt.datetime.now(dt.UTC)
        since, until = (now - 3 * _DAY, now - _DAY) if expired else (now - _DAY, now + _DAY)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        unsigned = _builder(subject, self._name, key, since, until).add_extension(
            x509.SubjectAlternativeName([_host(host)]), critical=False
        )
        certificate = unsigned.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        made = Certificate(*(self._folder / f"{name}-{part}.pem" for part in ("certificate", "key", "both")))
        made.certificate.write_bytes(certificate)
        made.key.write_bytes(_pem(key, key_password))
        made.both.write_bytes(_pem(key, None) + certificate)
        return made


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPrivateKey, since: dt.datetime, until: dt.datetime
) -> x509.CertificateBuilder:
    begun = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    return begun.serial_number(x509.random_serial_number()).not_valid_before(since).not_valid_after(until)


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(key: rsa.RSAPrivateKey, password: str | None) -> bytes:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password is not None:
        encryption = serialization.BestAvailableEncryption(password.encode())
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
