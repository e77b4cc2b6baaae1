"""All that a world has written anywhere, and the forms in which somebody may be told by it."""

import calendar
import sqlite3
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import date
from hashlib import new as hashed
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq
from psycopg import sql
from pymongo import MongoClient

from metodika.world import World
from shared.kernel.ids import named
from tests.journeys.real import Real, RealWorld

type Written = Iterator[tuple[str, bytes]]

DAYS = (
    "%Y-%m-%d",
    "%Y%m%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%d.%m.%y",
    "%d/%m/%Y",
    "%d%m%Y",
)
MONTHS = {5: "мая"}
HASHES = ("md5", "sha1", "sha256", "sha512", "blake2b")
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "cp1251", "koi8-r", "cp866")


# ── Where ───────────────────────────────────────────────────────────────────


def everything(world: World) -> Written:
    """Give each file and each cell of each table, document and topic, with its place."""
    yield from _files(world.settings.world)
    with world.ledger.reading() as reader:
        for (table,) in reader.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            rows = reader.execute(f'SELECT * FROM "{table}"').fetchall()
            yield from _cells(f"ledger {table}", rows)
    if isinstance(world, RealWorld) and isinstance(world.settings, Real):
        yield from _servers(world, world.settings)


def _files(folder: Path) -> Written:
    for each in sorted(folder.rglob("*")):
        if each.is_file():
            yield each.name, each.read_bytes()
        if each.name.endswith(".parquet"):  # its pages are packed
            rows = pq.ParquetFile(each).read().to_pylist()
            yield from _cells(each.name, (row.values() for row in rows))
        if each.name.endswith(".sqlite"):
            with closing(sqlite3.connect(f"file:{each}?mode=ro", uri=True)) as store:
                tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
                for (table,) in store.execute(tables).fetchall():
                    rows = store.execute(f'SELECT * FROM "{table}"').fetchall()
                    yield from _cells(f"{each.name} {table}", rows)


def _servers(world: RealWorld, settings: Real) -> Written:
    for name, url in settings.databases.items():
        with psycopg.connect(url) as store:
            tables = (
                "SELECT schemaname, tablename FROM pg_tables WHERE tablename !~ '^(pg|sql)_'"
            )
            for at in store.execute(tables).fetchall():
                rows = store.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(*at)))
                yield from _cells(f"{name} {at[1]}", rows.fetchall())
    for log, topic in world.topics.items():
        yield from ((f"topic {log}", wire) for wire in topic.wires)
    with closing(MongoClient[dict[str, Any]](settings.views_url)) as views:
        for name in views.list_database_names():
            if name.startswith(settings.prefix):
                for table in views[name].list_collection_names():
                    rows = [each.items() for each in views[name][table].find()]
                    yield from _cells(f"{name} {table}", rows)


def _cells(place: str, rows: Iterable[Iterable[Any]]) -> Written:
    for row in rows:
        for each in row:
            yield place, each if isinstance(each, bytes) else str(each).encode()


# ── What ────────────────────────────────────────────────────────────────────


def written(word: str) -> set[bytes]:
    """Return a word as it may be stored: encoded, escaped, in base64."""
    said = {word.encode("unicode-escape"), b64encode(word.encode())[:-4]}
    for encoding in ENCODINGS:
        said.add(word.encode(encoding, "ignore"))
    return {each for each in said if len(each) >= len(word)}


def days(day: date) -> set[str]:
    """Return a day in whatever form anybody may write it."""
    at_midnight = calendar.timegm(day.timetuple())
    words = {day.strftime(form) for form in DAYS} | {str(at_midnight), repr(day)}
    return words | {f"{day.day} {MONTHS[day.month]} {day.year}", f"{day:%d %B %Y}"}


def snils_forms(snils: str) -> set[str]:
    """Return a СНИЛС, 112-233-445 95, in whatever form, also without its check."""
    three, _, check = snils.rpartition(" ")
    stems = {three.replace("-", between) for between in ("", "-", " ")}
    return stems | {f"{stem}{end}{check}" for stem in stems for end in ("", "-", " ")}


def guessed(*parts: bytes) -> set[bytes]:
    """Return what anybody can make of a guess without a secret, and compare."""
    whole = b"\0".join(parts)
    digests = {hashed(name, each).digest() for name in HASHES for each in (whole, *parts)}
    last = sha256(b"\0".join(sha256(each).digest() for each in parts))
    digests.add(last.digest())
    guess = named("import", last.hexdigest())
    forms = digests | {each.hex().encode() for each in digests}
    forms |= {b64encode(each).rstrip(b"=") for each in digests}
    return forms | {str(guess).encode(), guess.hex.encode(), guess.bytes}


def found(world: World, signs: Iterable[bytes]) -> set[tuple[str, bytes]]:
    """Return where anything of this stands."""
    wanted = list(signs)
    places: dict[str, bytearray] = {}
    for place, content in everything(world):
        places.setdefault(place, bytearray()).extend(content + b"\n")
    return {(place, it) for place, said in places.items() for it in wanted if it in said}
