"""What one setting may hold; what is wrong is said without the value, a password perhaps."""

import base64
import binascii
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, FilePath, SecretStr

KEY_BYTES = 32
SSLMODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
ENCODED = "is no URL of a database (in user and password, @ : / and % are percent-encoded)"
PLAIN_KEY = "the key not encrypted"


def key_of(text: str) -> bytes:
    """Return the bytes of a key in base64. Raises ValueError."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("is not base64") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"must be {KEY_BYTES} bytes in base64")
    return key


def _master_key(said: SecretStr) -> SecretStr:
    key_of(said.get_secret_value())
    return said


def _postgres(url: str) -> str:
    for wrong in _wrong_in_postgres(url):
        raise ValueError(wrong)
    return url


def _wrong_in_postgres(url: str) -> Iterator[str]:
    # read only where a log is in PostgreSQL
    from psycopg import ProgrammingError  # noqa: PLC0415
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

    try:
        found = conninfo_to_dict(url)
    except ProgrammingError as wrong:
        option = "invalid URI query parameter"
        yield " ".join(str(wrong).split()) if str(wrong).startswith(option) else ENCODED
        return
    where = f"{found.get('host', '')}{found.get('dbname', '')}{found.get('port', '')}"
    ports = str(found.get("port", "5432")).split(",")
    if "@" in where or not all(each.isdecimal() for each in ports):
        yield ENCODED
    if found.get("sslmode", "prefer") not in SSLMODES:
        yield f"sslmode must be one of {', '.join(SSLMODES)}"
    for name in ("sslrootcert", "sslcert", "sslkey"):
        file = str(found.get(name, "system"))
        if file != "system" and not Path(file).is_file():
            yield f"{name} is no file"


def _mongo(url: str) -> str:
    if url.startswith("mongodb+srv:"):  # to read that one asks the DNS
        return url
    # read only where documents are in MongoDB
    from pymongo.errors import PyMongoError  # noqa: PLC0415
    from pymongo.uri_parser import parse_uri  # noqa: PLC0415

    try:
        parse_uri(url, warn=False)
    except (PyMongoError, ValueError, TypeError):
        raise ValueError(ENCODED) from None
    return url


def belong(cert: Path, key: Path) -> bool:
    """Say whether these are a certificate and its key, in the clear."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_cert_chain(cert, key, password=lambda: "")  # else it asks a terminal
    except (OSError, ValueError):
        return False
    return True


def _certificates(said: Path) -> Path:
    try:
        ssl.create_default_context(cafile=said)
    except OSError:
        raise ValueError("is no PEM file of certificates that can be read") from None
    return said


def _certificate_and_key(said: Path) -> Path:
    if not belong(said, said):
        raise ValueError(f"is no PEM file of a certificate and its key, {PLAIN_KEY}")
    return said


type MasterKey = Annotated[SecretStr, AfterValidator(_master_key)]
type PostgresUrl = Annotated[str, Field(pattern=r"^postgresql://"), AfterValidator(_postgres)]
type MongoUrl = Annotated[str, Field(pattern=r"^mongodb(\+srv)?://"), AfterValidator(_mongo)]
type CaFile = Annotated[FilePath, AfterValidator(_certificates)]
type CertificateAndKey = Annotated[FilePath, AfterValidator(_certificate_and_key)]
