"""What a file asks for, row by row, before anything is asked."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from metodika.imports.state import Kept, Latest, Status, Weighed
from shared.kernel.ids import OrgId
from shared.runtime.bulk import Line

FILES = ("manifest.csv", "orgs.csv", "users.csv", "roles.csv")
NO_ROW = 0
"""The line of what no row says: that a whole package leaves out a job."""

DETAIL = re.compile("[.,;:(]")
"""Begins what a command says beyond its verb and its thing."""


class Verdict(NamedTuple):
    """What becomes of one row: in words for a person, by names of commands for programs."""

    file: str
    line: int
    verdict: str
    good: bool
    commands: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Plan:
    """An import that nobody has asked for yet.

    `held` are the organisations for which somebody must confirm it, `ends` those of
    which a whole package leaves out jobs, `latest` those of which it is the latest package
    once it is taken. `was` is what is kept of an earlier sending, `home` the territory
    whose officials may ask how it stands.
    """

    import_id: UUID
    service: str
    system: str
    on: date
    lines: list[Line]
    held: tuple[Weighed, ...] = ()
    ends: tuple[Weighed, ...] = ()
    latest: Mapping[OrgId, Latest] = field(default_factory=dict[OrgId, Latest])
    was: Kept | None = None
    home: str = ""

    def verdicts(self) -> Iterator[Verdict]:
        """Return what becomes of each row, in the order of the files."""
        for each in sorted(self.lines, key=lambda it: place(it.file, it.line)):
            if each.fault:
                reason = f"{each.fault.column}: {each.fault.reason} ({each.fault.clause})"
                yield Verdict(each.file, each.line, reason, good=False)
            else:
                left_out = " (в полном пакете не названа)" if each.line == NO_ROW else ""
                names = tuple(type(it).__name__ for it in each.commands)
                said = in_words(each.commands) + left_out
                yield Verdict(each.file, each.line, said, good=True, commands=names)

    def kept(self, status: Status, at: datetime) -> Kept:
        """Return what is to be kept of it from now on.

        A sending that was cut goes on, with what was confirmed of it; after any other end
        it is asked anew. What is held and runs all the same, somebody has confirmed.
        """
        goes_on = self.was is not None and self.was.goes_on
        confirmed = self.was.confirmed if self.was is not None and goes_on else ()
        before = self.was.attempt if self.was else 0
        return Kept(
            import_id=self.import_id,
            status=status,
            system=self.system,
            home=self.home,
            on=self.on,
            at=at,
            attempt=before if goes_on else before + 1,
            taken=self.was is not None and self.was.taken,
            held=self.held,
            ends=self.ends,
            confirmed=(*confirmed, *self.held) if status == "running" else confirmed,
        )


def place(file: str, line: int) -> tuple[int, str, int]:
    """Return where a row stands among all the rows of a package."""
    return (FILES.index(file) if file in FILES else 0, file, line)


def in_words(commands: Iterable[Any]) -> str:
    """Return what commands bring, as an official reads it."""
    times = Counter(words(type(each)) for each in commands)
    said = (each if n == 1 else f"{each} × {n}" for each, n in times.items())
    return ", ".join(said) or "ничего нового"


def words(command: type[Any]) -> str:
    """Return what a command says of itself up to its first detail, in the infinitive."""
    said = DETAIL.split(command.__doc__ or "", maxsplit=1)[0].strip()
    return said[:1].lower() + said[1:]
