"""What the operator may say: one class, read from `METODIKA_*`, checked at the start."""

import base64
import os
import secrets
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FilePath,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from shared.runtime.secret_file import kept
from shared.runtime.settings_values import (
    KEY_BYTES,
    PLAIN_KEY,
    CaFile,
    CertificateAndKey,
    MasterKey,
    MongoUrl,
    PostgresUrl,
    belong,
    key_of,
)
from shared.runtime.told import Told

PREFIX = "METODIKA_"
OF_TESTS = (f"{PREFIX}TEST_", f"{PREFIX}REQUIRE_INFRA")
"""Variables of the tests' own."""

type ServiceName = Literal["registry", "diagnostics", "routes", "mentoring", "monitoring"]
type Algorithm = Literal[
    "Ed25519", "EdDSA", "ES256", "ES384", "RS256", "RS384", "RS512", "PS256"
]
type Security = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
type Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
type Megabytes = Annotated[int, Field(ge=1, le=4096)]


SASL = ("kafka_mechanism", "kafka_username", "kafka_password")

SEALING = ("registry", "routes")
"""They say facts with personal fields; the others never need a key, and get none."""


class WrongSettings(Told):
    """The start stops here: which variable is wrong and why, never what it held."""


class TrustedIssuer(BaseModel):
    """Whose access tokens are believed: `jwks` is a file's path or an http(s) URL.

    With a `prefix` its subjects are known as `prefix|sub`, to rights and to the log.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    issuer: str = Field(min_length=1)
    audience: str = Field(min_length=1)
    jwks: str = Field(min_length=1)
    algorithms: tuple[Algorithm, ...] = ("Ed25519", "EdDSA", "ES256", "RS256")
    prefix: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,40}$")


class Settings(BaseSettings):
    """Every setting of every process; what is not said has the default of a laptop."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, hide_input_in_errors=True, extra="forbid"
    )

    service: ServiceName | None = Field(
        default=None, description="the one service to run; empty: all five together"
    )
    world: Path = Field(default=Path("world"), description="folder of the embedded world")
    store_url: PostgresUrl | None = Field(
        default=None,
        repr=False,
        description="postgresql://… of the log, TLS by its sslmode; empty: a SQLite "
        "file per service in the world folder",
    )
    keys_url: PostgresUrl | None = Field(
        default=None,
        repr=False,
        description="postgresql://… of the database of wrapped keys, never the log's "
        "own; empty: a SQLite file in the world folder",
    )
    master_key: MasterKey | None = Field(
        default=None,
        description="base64 of the 32 bytes that wrap persons' keys; empty: made once "
        "in the world folder, embedded world only",
    )
    views_url: MongoUrl | None = Field(
        default=None,
        repr=False,
        description="mongodb://… of the documents; empty: SQLite in the world folder",
    )
    views_ca: CaFile | None = Field(
        default=None, description="CA file of MongoDB; given: TLS is required"
    )
    views_cert: CertificateAndKey | None = Field(
        default=None, description="client certificate and key for MongoDB, one PEM file"
    )
    kafka_bootstrap: str | None = Field(
        default=None,
        pattern=r"^[^\s:,]+:\d{1,5}(,[^\s:,]+:\d{1,5})*$",
        description="host:port,… of Kafka; empty: neighbours' logs are read directly",
    )
    prefix: str = Field(
        default="metodika",
        pattern=r"^[a-z][a-z0-9]{0,30}$",
        description="begins the names of topics and of the documents' databases: two "
        "worlds may share Kafka and MongoDB",
    )
    kafka_security: Security = Field(
        default="PLAINTEXT", description="how brokers are spoken to"
    )
    kafka_mechanism: Mechanism | None = Field(
        default=None, description="SASL mechanism, when kafka_security is SASL_…"
    )
    kafka_username: str | None = Field(default=None, description="SASL user")
    kafka_password: SecretStr | None = Field(default=None, description="SASL password")
    kafka_ca: CaFile | None = Field(
        default=None, description="CA file of the brokers; empty: the system's"
    )
    kafka_cert: FilePath | None = Field(
        default=None, description="client certificate for Kafka, PEM"
    )
    kafka_key: FilePath | None = Field(
        default=None, description="key of the client certificate for Kafka, PEM"
    )
    ledger_dir: Path | None = Field(
        default=None, description="folder of the ledger; empty: `ledger` in the world"
    )
    segments_dir: Path | None = Field(
        default=None,
        description="folder into which the ledger is written as Parquet segments once a "
        "day while it is at work; empty: only by `metodika segments write`",
    )
    oidc_issuers: tuple[TrustedIssuer, ...] = Field(
        default=(),
        description='JSON list of {"issuer", "audience", "jwks", "algorithms", "prefix"}: '
        "whose access tokens are believed; each but one needs a `prefix` of its own, its "
        "subjects are `prefix|sub`; empty: the local issuer, embedded world only",
    )
    otlp_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="where traces and metrics go, OTLP over HTTP; empty: nowhere",
    )
    trace_ratio: float = Field(
        default=0.1, ge=0, le=1, description="share of traces that are recorded"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="the least that is logged"
    )
    http_host: str = Field(default="127.0.0.1", description="address to listen on")
    http_port: int = Field(default=8000, ge=0, le=65535, description="port; 0: any")
    body_kilobytes: int = Field(
        default=256, ge=1, le=65536, description="longest body of a command, KiB"
    )
    import_megabytes: Megabytes = Field(
        default=256, description="longest body of an import, MiB"
    )
    page_limit: int = Field(default=500, ge=1, le=10_000, description="most items on one page")
    read_wait_seconds: float = Field(
        default=2, ge=0, le=30, description="how long a read waits for min_position, s"
    )
    feed_wait_seconds: float = Field(
        default=25, ge=0, le=120, description="how long /feed may wait for news, s"
    )

    @property
    def embedded(self) -> bool:
        """Say whether nothing outside this folder is used to keep the log."""
        return self.store_url is None

    @property
    def ledger(self) -> Path:
        """Return the folder of the ledger."""
        return self.ledger_dir or self.world / "ledger"

    @property
    def keys(self) -> str:
        """Return the URL of the keys: `sqlite://<path>` in the embedded world."""
        return self.keys_url or f"sqlite://{self.world / 'keys.sqlite'}"

    def store(self, service: str) -> str:
        """Return the URL of a service's log: `sqlite://<path>` in the embedded world."""
        return self.store_url or f"sqlite://{self.world / service}.sqlite"

    @field_validator("oidc_issuers")
    @classmethod
    def _one_of_a_name(cls, said: tuple[TrustedIssuer, ...]) -> tuple[TrustedIssuer, ...]:
        names = [each.issuer for each in said]
        if len(names) != len(set(names)):
            raise ValueError("the same issuer stands twice")
        if len(said) != len({each.prefix for each in said}):
            raise ValueError("each issuer but one needs a prefix of its own")
        return said

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        for wrong in _contradictions(self):
            raise ValueError(wrong)
        return self

    def the_master_key(self) -> bytes:
        """Return the 32 bytes that wrap persons' keys; the embedded world makes them.

        The file is readable by its owner alone. Raises `WrongSettings`.
        """
        if self.master_key is not None:
            return key_of(self.master_key.get_secret_value())
        path = self.world / "master.key"
        made = base64.b64encode(secrets.token_bytes(KEY_BYTES))
        try:
            return key_of(kept(path, made).decode())
        except ValueError as error:
            raise WrongSettings(f"{path}: {error}") from None


def _contradictions(said: Settings) -> Iterator[str]:
    yield from _wrong_for_kafka(said)
    if said.views_url is None:
        for name in _given(said, "views_ca", "views_cert"):
            yield f"{name} has no use without {PREFIX}VIEWS_URL"
    if said.store_url is not None and said.store_url == said.keys_url:
        yield f"{PREFIX}KEYS_URL must not be the database of {PREFIX}STORE_URL"
    if said.store_url is None:
        return
    sealing = ("keys_url", "master_key") if said.service in SEALING else ()
    for name in ("service", *sealing, "oidc_issuers"):
        if not getattr(said, name):
            yield f"{PREFIX}{name.upper()} is needed where {PREFIX}STORE_URL is given"


def _wrong_for_kafka(said: Settings) -> Iterator[str]:
    security = f"{PREFIX}KAFKA_SECURITY"
    sasl = said.kafka_security.startswith("SASL")
    tls = said.kafka_security.endswith("SSL")
    given = set(_given(said, *SASL))
    for name in (PREFIX + each.upper() for each in SASL):
        if sasl and name not in given:
            yield f"{name} is needed where {security} is {said.kafka_security}"
        if given and not sasl:
            yield f"{min(given)} has no use unless {security} is SASL_…"
    if (said.kafka_cert is None) != (said.kafka_key is None):
        yield f"{PREFIX}KAFKA_CERT and {PREFIX}KAFKA_KEY come together"
    if _given(said, "kafka_ca", "kafka_cert") and not tls:
        yield f"{security} must be SSL or SASL_SSL where certificates are given"
    if said.kafka_cert and said.kafka_key and not belong(said.kafka_cert, said.kafka_key):
        pair = f"{PREFIX}KAFKA_CERT and {PREFIX}KAFKA_KEY"
        yield f"{pair} are no certificate and its key in PEM, {PLAIN_KEY}"
    if said.kafka_security != "PLAINTEXT" and said.kafka_bootstrap is None:
        yield f"{PREFIX}KAFKA_BOOTSTRAP is needed where {security} is {said.kafka_security}"


def _given(said: Settings, *names: str) -> list[str]:
    """Name the variables, of these, that say something."""
    return [PREFIX + each.upper() for each in names if getattr(said, each)]


def load(**said: Any) -> Settings:
    """Read the environment; what is said here goes first. Raises `WrongSettings`."""
    _refuse_misspelt()
    try:
        return Settings(**said)
    except ValidationError as wrong:
        lines = (f"  {_where(each['loc'])}{each['msg']}" for each in wrong.errors())
        told = "\n".join(lines).replace("Value error, ", "")
    except SettingsError as wrong:
        told = f"  {_unreadable(wrong)}: is not JSON"
    raise WrongSettings(f"wrong settings\n{told}")


def _where(loc: tuple[int | str, ...]) -> str:
    if not loc:
        return ""
    name, *inside = loc
    return PREFIX + str(name).upper() + "".join(f"[{at}]" for at in inside) + ": "


def _unreadable(wrong: SettingsError) -> str:
    fields = (name for name in Settings.model_fields if f'"{name}"' in str(wrong))
    return PREFIX + next(fields, "?").upper()


def _refuse_misspelt() -> None:
    """Raise `WrongSettings`: what nobody reads would leave its default in silence."""
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    wrong = [it for it in os.environ if it.startswith(PREFIX) and it not in known]
    lines = [_no_setting(it, known) for it in wrong if not it.startswith(OF_TESTS)]
    if lines:
        raise WrongSettings("\n".join(["wrong settings", *lines]))


def _no_setting(name: str, known: Sequence[str]) -> str:
    meant = get_close_matches(name, known, n=1, cutoff=0)
    return f"  {name} is no setting; the nearest is {meant[0]}"


def describe() -> str:
    """Return a Markdown table of every setting: variable, default, meaning."""
    rows = ["| Variable | Default | Meaning |", "|---|---|---|"]
    for name, each in Settings.model_fields.items():
        default = "" if each.default in (None, ()) else f"`{each.default}`"
        rows.append(f"| `{PREFIX}{name.upper()}` | {default} | {each.description} |")
    return "\n".join(rows) + "\n"
