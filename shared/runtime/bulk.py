"""Files from outside: rows of a CSV or of a package, and how their commands are asked."""

import csv
import hashlib
import io
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice, product
from pathlib import Path
from typing import Any
from uuid import UUID

from msgspec import Struct, json

from shared.kernel import Fault
from shared.kernel.ids import Territory, named
from shared.kernel.line import BEYOND
from shared.runtime.asking import Asked, May, Outcome
from shared.runtime.codec import Basis, id_of
from shared.runtime.engine import Engine
from shared.runtime.in_turn import InTurn
from shared.runtime.told import Told
from shared.runtime.work import Wanted

COMMANDS = 500
"""Commands decided in one transaction."""

KNOWN_BY = {"org_id": ("org_id",), "person_id": ("person_id", "survivor_id")}
"""Fields of commands, and those of facts about the same; of two merged, about either."""
MOST_FILES = 100
"""In one package; the standard knows some thirty."""

MOST_BYTES, MOST_TIMES, FREE_BYTES = 2**30, 50, 2**25
"""The most that a package may unpack to: a gibibyte, and fifty times what was sent.

A table packs to a fifth or a tenth; what packs to less is no roster. 32 MiB are free.
"""

type Row = dict[str, str]


class Rows(list[Row]):
    """The rows of a file, and the line on which each begins, the file's first being 1.

    A blank line is no row, and a quoted value may take several lines.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[int] = []

    def add(self, line: int, row: Row) -> None:
        """Put a row after the others."""
        self.append(row)
        self.lines.append(line)


_encoder = json.Encoder()


class Unreadable(Told):
    """This is no such file; the message says what is expected and where it differs."""


class Line(Struct, frozen=True, kw_only=True):
    """One row of one file: what it asks for, or why it can't be taken.

    `goes_on`: it is the rest of a row that came before.
    """

    file: str
    line: int
    commands: tuple[Any, ...] = ()
    fault: Fault | None = None
    goes_on: bool = False


@dataclass(kw_only=True)
class Report:
    """What became of a file: every row is taken, unchanged or refused, and why."""

    import_id: UUID
    rows: int = 0
    accepted: int = 0
    unchanged: int = 0
    facts: int = 0
    faults: list[tuple[str, int, Fault]] = field(default_factory=list)


def digest(engine: Engine, *parts: bytes) -> UUID:
    """Return the id of an import: the same bytes from the same system are the same.

    It is keyed by an engine that seals, for it stands in clear in each fact: of a small
    file it would prove a guess at whom it names, also after an erasure (S1 5.5).
    """
    said = hashlib.sha256(b"\0".join(hashlib.sha256(each).digest() for each in parts))
    return named("import", engine.hmac("import", said.hexdigest()).hex())


def contents(path: Path) -> dict[str, bytes]:
    """Return the CSV files of a package, a zip or a folder, by their names.

    Raises `Unreadable`.
    """
    if path.is_dir():
        return {each.name: each.read_bytes() for each in sorted(path.glob("*.csv"))}
    return unzipped(path.read_bytes(), path.name)


def unzipped(said: bytes, name: str) -> dict[str, bytes]:
    """Return the CSV files of a zip. Raises `Unreadable`."""
    try:
        with zipfile.ZipFile(io.BytesIO(said)) as archive:
            members = [each for each in archive.infolist() if not each.is_dir()]
            if len(members) > MOST_FILES:
                raise Unreadable(f"{name}: файлов больше {MOST_FILES}")
            most = min(MOST_BYTES, max(FREE_BYTES, MOST_TIMES * len(said)))
            if sum(each.file_size for each in members) > most:
                raise Unreadable(f"{name}: после распаковки больше {most >> 20} МиБ")
            tables = [each for each in members if each.filename.endswith(".csv")]
            if twice := _said_twice(Path(each.filename).name for each in tables):
                raise Unreadable(f"{name}: {twice} — в двух папках, неясно, который из них")
            return {Path(each.filename).name: archive.read(each) for each in tables}
    except zipfile.BadZipFile:
        raise Unreadable(f"{name}: не архив zip, или он повреждён") from None
    except NotImplementedError:
        raise Unreadable(f"{name}: архив сжат не так, как принято: нужен Deflate") from None
    except (zlib.error, EOFError):
        raise Unreadable(f"{name}: архив повреждён") from None
    except RuntimeError:  # so `zipfile` says that it needs a password
        raise Unreadable(f"{name}: архив зашифрован") from None


def _said_twice(names: Iterable[str]) -> str | None:
    """Return the first that was there before."""
    seen = set[str]()
    return next((each for each in names if each in seen or seen.add(each)), None)


def rows(said: bytes, name: str) -> Rows:
    """Return the rows of a CSV file, UTF-8 with or without a mark, blanks stripped.

    A row that is shorter than the header has what it has; of a longer one the rest stands
    at `BEYOND`, where whoever reads it sees a fault. Raises `Unreadable`: also where a
    quote is not closed, for it takes the rows after it.
    """
    try:
        text = said.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise Unreadable(f"{name}: байт {wrong.start} — не UTF-8") from None
    reader, found, line = csv.reader(io.StringIO(text, newline=""), strict=True), Rows(), 1
    try:
        header = next(reader, None)
        if not header:
            raise Unreadable(f"{name}: нет строки заголовков")
        if len(header) == 1 and set(header[0]) & {";", "\t"}:
            raise Unreadable(f"{name}: столбцы разделяет запятая, здесь — другое")
        header = [each.strip() for each in header]
        if twice := _said_twice(filter(None, header)):
            raise Unreadable(f"{name}: столбец {twice} назван дважды (S1 5.5)")
        blank, columns = dict.fromkeys(header, ""), len(header)
        line = reader.line_num + 1
        for row in reader:
            if row:
                values = dict(zip(header, map(str.strip, row), strict=False))
                if len(row) > columns and any(row[columns:]):
                    values[BEYOND] = BEYOND
                found.add(line, values if len(row) >= columns else blank | values)
            line = reader.line_num + 1
    except csv.Error as wrong:
        why = f"не читается, {_why(wrong)} (S1 5.5)"
        raise Unreadable(f"{name}, строка {line}: {why}") from None
    return found


def _why(wrong: csv.Error) -> str:
    """Say in Russian what the reader of CSV says in English; it quotes nothing."""
    if "field limit" in str(wrong):
        most = csv.field_size_limit()
        return f"значение длиннее {most} знаков: возможно, кавычка не закрыта"
    return "строка не по правилам CSV: возможно, кавычка не закрыта или лишняя"


def take(  # noqa: PLR0913 - all that a file is taken with
    engine: Engine,
    lines: Iterable[Line],
    report: Report,
    *,
    actor: str,
    basis: Basis | None = None,
    home: Territory | None = None,
    may: May | None = None,
    salt: str = "",
    is_new: bool = False,
    begin: tuple[type[Any], ...] = (),
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Ask every command of every row, once whatever happens, many in a transaction.

    The id of a command follows from the import and from its words: an import that was
    killed goes on, and a file sent twice says nothing new. Another `salt` asks anew. If
    the import `is_new`, no answers are looked up, and nothing of the things that commands
    of some classes `begin`; if there is something all the same, the append finds out.
    """
    before = engine.store.head().position
    counted = set[int]()
    kind = f"import {report.import_id}{salt}"

    def asked(line: Line, command: Any) -> tuple[Line, Asked]:
        said = f"{type(command).__name__} {_encoder.encode(command).decode()}"
        words = engine.hmac(kind, said)
        return line, Asked(
            command=command,
            command_id=id_of(words[:16]),
            actor=actor,
            body_hmac=words,
            basis=basis,
            correlation_id=report.import_id,
            home=home,
        )

    def read() -> Iterator[tuple[Line, Asked]]:
        for each in lines:
            report.rows += not each.goes_on
            if each.fault:
                report.faults.append((each.file, each.line, each.fault))
            for command in each.commands:
                yield asked(each, command)

    def in_order(
        batches: Iterable[list[tuple[Line, Asked]]],
    ) -> Iterator[list[Asked]]:
        for batch in batches:
            asking.append([line for line, _ in batch])
            yield [each for _, each in batch]

    asking: deque[list[Line]] = deque()
    batches = in_order(in_chunks(read(), COMMANDS))
    foresee = partial(foreseen, is_new=is_new, begin=begin)
    for batch, outcomes in InTurn(engine, may, foresee).ask(batches):
        for line, each, outcome in zip(asking.popleft(), batch, outcomes, strict=True):
            again = (number := each.command_id.int) in counted
            counted.add(number)
            count(report, line, outcome, before, again=again)
        progress(len(batch))
    return report


def count(
    report: Report, line: Line, outcome: Outcome, before: int, *, again: bool = False
) -> None:
    """Add an outcome to the report; a refusal is a fault of its row.

    What was accepted up to the position `before` was so before this sending, and what
    two rows ask for in the same words the first of them brought.
    """
    match outcome.status:
        case "accepted" if not (again or 0 < outcome.position <= before):
            report.accepted += 1
            report.facts += len(outcome.event_ids)
        case "accepted":
            report.unchanged += 1
        case "unchanged":
            report.unchanged += 1
        case "refused" | "conflict" | "forbidden":
            pass
    if fault := fault_of(outcome):
        report.faults.append((line.file, line.line, fault))


def fault_of(outcome: Outcome) -> Fault | None:
    """Return why a command was not taken; None if it was, or was so already."""
    if outcome.status in {"accepted", "unchanged"}:
        return None
    reason = outcome.reason or "Запись занята, повторите"
    return Fault("", reason, outcome.clause or "contracts §4")


def foreseen(
    engine: Engine, asked: Sequence[Asked], *, is_new: bool, begin: tuple[type[Any], ...]
) -> Wanted:
    """Return all that these commands will ask for: answers if any, streams, places, people."""
    commands = [each.command for each in asked]
    named = (engine.named_by(each) for each in commands)
    about: list[tuple[str, UUID]] = []
    for name, called in KNOWN_BY.items():
        ids = once(getattr(each, name, None) for each in commands)
        kept = {kind for each in called for kind in engine.borrowed_about(each)}
        about += product(kept, ids)
    return Wanted(
        new=[engine.stream_of(each) for each in commands if isinstance(each, begin)],
        commands=() if is_new else [each.command_id for each in asked],
        streams=once(map(engine.stream_of, commands)),
        about=about,
        people=once(named),
    )


def once(ids: Iterable[UUID | None]) -> Collection[UUID]:
    """Return each id once: by its number, which has its hash at hand."""
    return {each.int: each for each in ids if each}.values()


def in_chunks[T](many: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut into lists of at most `size`."""
    iterator = iter(many)
    while chunk := list(islice(iterator, size)):
        yield chunk


def by_name(files: Mapping[str, bytes], name: str) -> Rows:
    """Return the rows of one file of a package; none if it is absent."""
    return rows(files[f"{name}.csv"], f"{name}.csv") if f"{name}.csv" in files else Rows()
