"""Segments: the ledger in Parquet files that nobody writes again, and the list of them.

A folder holds `manifest.json`, the files that it lists (`<generation>/<table>/…`, each of
one kind of fact out of one log), and texts to ask them with.
"""

import os
import re
from collections.abc import Iterator
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from uuid import UUID

import msgspec

from shared.kernel import Kind, catalogue
from shared.runtime.columns import Language
from shared.runtime.told import Told

MANIFEST = "manifest.json"
FORMAT = 2
UNREAD = "unread"
"""The table of records that the release which wrote them could not read."""
UNREAD_COLUMNS = {
    "source": "VARCHAR",
    "position": "BIGINT",
    "recorded_at": "TIMESTAMPTZ",
    "event_id": "UUID",
    "name": "VARCHAR",
}


class NoSegments(Told):
    """There are none, or they are not what their list says; the text names which."""

    is_no = True


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """One file: facts of one kind and one log, by position. `fact` is a name or `unread`."""

    file: str
    fact: str
    log: str
    first: int
    last: int
    rows: int
    bytes: int
    sha256: str


class Until(msgspec.Struct, frozen=True, kw_only=True):
    """Up to where a log is in the segments, from its first record on.

    `root` is that of its tree there (RFC 6962, hexadecimal); None: its leaves were not at
    hand. `begins` and `event_id` are its first event and its last.
    """

    log: str
    epoch: UUID
    position: int
    recorded_at: datetime
    begins: UUID
    event_id: UUID
    root: str | None = None


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger has of a kind of fact: in Parquet ids are 16 bytes, other types these."""

    schema: int
    columns: dict[str, str]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The list. `texts` are the SHA-256 of what stands beside the segments, by path.

    `unread` are the names of facts that the release which wrote them could not read;
    `release` says with which DuckDB it was tested, and signs of the code of its facts.
    """

    format: int = FORMAT
    generation: int
    release: dict[str, str] = {}
    logs: list[Until] = []
    segments: list[Segment] = []
    facts: dict[str, Shape] = {}
    unread: list[str] = []
    texts: dict[str, str] = {}

    @property
    def files(self) -> set[str]:
        """Return the paths of all segments."""
        return {each.file for each in self.segments}

    def of(self, fact: str) -> list[Segment]:
        """Return the segments of a kind, in the order of logs and positions."""
        mine = (each for each in self.segments if each.fact == fact)
        return sorted(mine, key=lambda each: (each.log, each.first))

    def until(self, log: str) -> Until | None:
        """Return up to where a log is in the segments."""
        return next((each for each in self.logs if each.log == log), None)


def encoded(manifest: Manifest) -> bytes:
    """Return the manifest as it is written: equal ones are equal bytes."""
    return msgspec.json.format(msgspec.json.encode(manifest, order="deterministic"), indent=1)


def listed(folder: Path) -> Manifest | None:
    """Read the list of a folder, None if there is none. Raises `NoSegments`."""
    try:
        said = (folder / MANIFEST).read_bytes()
    except FileNotFoundError:
        return None
    try:
        found = msgspec.json.decode(said, type=Manifest)
    except msgspec.MsgspecError:
        raise NoSegments(f"{folder / MANIFEST} is no list of segments") from None
    if found.format != FORMAT:
        raise NoSegments(
            f"{folder / MANIFEST} is of another release, in format {found.format}; this one"
            f" reads and writes format {FORMAT}, in another folder"
        )
    return found


def required(folder: Path) -> Manifest:
    """Read the list of a folder. Raises `NoSegments`."""
    found = listed(folder)
    if found is None:
        raise NoSegments(f"there are no segments in {folder}")
    return found


def changed(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Name each file that is not as it was written."""
    for each in manifest.segments:
        if wrong := _changed(folder / each.file, each.sha256):
            yield f"{each.file}: {wrong}"
    for name, sha256 in manifest.texts.items():
        if wrong := _changed(folder / name, sha256):
            yield f"{name}: {wrong}"


def _changed(path: Path, sha256: str) -> str | None:
    try:
        return None if sha256_of(path) == sha256 else "it is not what was written"
    except FileNotFoundError:
        return "it is missing"


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def put(path: Path, said: bytes) -> str:
    """Put a file in the place of what was there, all of it or not; return its SHA-256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(said)
    kept(new)
    new.replace(path)
    return sha256_of(path)


def kept(path: Path) -> None:
    """Return when what was written would survive a loss of power."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


# ── what is in a segment ────────────────────────────────────────────────────


def shapes(language: Language) -> dict[str, Shape]:
    """Return what this release has of each kind of fact."""
    return {name: shape_of(language, kind) for name, kind in sorted(catalogue.items())}


def shape_of(language: Language, kind: Kind) -> Shape:
    """Return what this release has of one kind of fact."""
    return Shape(schema=kind.schema, columns=language.columns(kind))


def of_another_release(manifest: Manifest, language: Language) -> str | None:
    """Name a fact that this release reads otherwise, or reads where the other did not."""
    now = shapes(language)
    written = {each.fact for each in manifest.segments} - {UNREAD}
    differ = [name for name in written if manifest.facts.get(name) != now.get(name)]
    return min([*differ, *(now.keys() & manifest.unread)], default=None)


def stored(type_: str) -> str:
    """Return a type as Parquet has it: Spark refuses its UUID (traps), so ids are 16 bytes."""
    return re.sub(r"\bUUID\b", "BLOB", type_)
