"""The hand-counted numbers of `numbers.md` as data; no fold computes any of them."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from tests.golden.words import day, end_of, org, person

NUMBERS = Path(__file__).with_name("numbers.md")

type Part = tuple[int, int]


@dataclass(frozen=True)
class Moment:
    """A table of section 4: the business date, the moment of knowledge (UTC)."""

    as_of: date
    as_known: datetime


@dataclass(frozen=True)
class Numbers:
    """One indicator at one moment: (num, den) by scope, and the subjects that count.

    A scope that is missing has no member.
    """

    totals: dict[str, Part]
    counted: frozenset[str]


@dataclass(frozen=True)
class Edge:
    """A row of section 5: one subject's unit and part, or None: not in the base."""

    kpi: str
    subject: str
    as_of: date
    as_known: datetime
    member: tuple[str, Part] | None
    why: str


def cells(line: str) -> list[str]:
    return [each.strip() for each in line.strip().strip("|").split("|")]


def part(cell: str) -> Part:
    num, den = cell.split("/")
    return int(num), int(den)


def path(scope: str) -> str:
    """Return the path in full: `25/05701/A` ends in the id of organisation A."""
    above, _, last = scope.rpartition("/")
    if scope == "РФ":
        return ""
    return f"{above}/{org(last)}" if last.isalpha() else scope


def subject(kpi: str, who: str) -> str:
    """Return the id as text: a region's code, or a person's id."""
    return who if kpi == "K-F0" else str(person(int(who)))


def tables() -> dict[Moment, dict[str, Numbers]]:
    """Read section 4."""
    found: dict[Moment, dict[str, Numbers]] = {}
    for chapter in NUMBERS.read_text(encoding="utf-8").split("\n### ")[1:]:
        title, *lines = chapter.split("\n## ")[0].splitlines()
        as_of, as_known = title.split(", known on ")
        head, _, *rows = (cells(line) for line in lines if line.startswith("|"))
        *scopes, who = rows
        found[Moment(day(as_of), end_of(as_known))] = {
            kpi: Numbers(
                {path(row[0]): part(row[n]) for row in scopes if row[n] != "–"},
                frozenset(subject(kpi, each) for each in who[n].split() if each != "–"),
            )
            for n, kpi in enumerate(head)
            if n
        }
    return found


def edges() -> list[Edge]:
    """Read section 5."""
    section = NUMBERS.read_text(encoding="utf-8").split("\n## 5.")[1]
    _, _, *rows = (cells(each) for each in section.splitlines() if each[:1] == "|")
    return [
        Edge(
            kpi,
            subject(kpi, who),
            day(as_of),
            end_of(as_known),
            None
            if unit == "–"
            else (str(org(unit)) if unit.isalpha() else unit, part(num_den)),
            why,
        )
        for kpi, who, as_of, as_known, unit, num_den, why in rows
    ]


EXPECTED: dict[Moment, dict[str, Numbers]] = tables()
EDGES: list[Edge] = edges()
