"""A certificate authority of a test's own, and what it certifies."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

LIVES = timedelta(days=2)


@dataclass(frozen=True)
class Pair:
    """A certificate and its key as PEM files; `both` holds one after the other."""

    cert: Path
    key: Path
    both: Path


@dataclass
class Authority:
    """Certifies servers of this machine and clients by name; `ca` is its own PEM file."""

    folder: Path
    name: str = "Authority"
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ca = self.folder / "ca.pem"
        made = self._builder(self.name, self.key)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        usage = x509.KeyUsage(**{each: each == "key_cert_sign" for each in USES})
        made = made.add_extension(usage, critical=True)
        self.ca.write_bytes(made.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM))

    def server(self, host: str = "127.0.0.1") -> Pair:
        """Certify a server at this address and no other."""
        alternative = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(host))])
        return self._issued(f"server-{host}", alternative)

    def client(self, name: str) -> Pair:
        """Certify that somebody is who he says."""
        return self._issued(name, None)

    def _issued(self, name: str, more: x509.SubjectAlternativeName | None) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._builder(name, key)
        made = made.add_extension(more, critical=False) if more else made
        certificate = made.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM)
        plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        pair = Pair(*(self.folder / f"{name}.{each}" for each in ("crt", "key", "pem")))
        pair.cert.write_bytes(certificate)
        pair.key.write_bytes(plain)
        pair.both.write_bytes(plain + certificate)
        for secret in (pair.key, pair.both):
            secret.chmod(0o600)
        return pair

    def _builder(self, name: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now, mine = datetime.now(UTC), self.key.public_key()
        by = x509.AuthorityKeyIdentifier.from_issuer_public_key(mine)
        of = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(named(self.name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + LIVES)
            .add_extension(of, critical=False)
            .add_extension(by, critical=False)
        )


USES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def named(name: str) -> x509.Name:
    """Return a subject that has a common name and nothing else."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
