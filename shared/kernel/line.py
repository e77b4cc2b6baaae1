"""One line of a file, cell by cell: the value, or the fault that it has."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.kernel.decider import Fault
from shared.kernel.ids import PersonId, named

type Row = Mapping[str, str | None]
"""A line by the names of its columns, as `csv.DictReader` gives it."""

type Who = Callable[[str, str], PersonId | None]
"""Who a system's own number of a person stands for; None if nobody was linked."""

BEYOND = "\0"
"""The key of what stands beyond the last column: no header can be so."""

FORM = "S1 5.5"
MORE_THAN_COLUMNS = "Значений больше, чем столбцов: возможно, запятая без кавычек"
CODE = re.compile(r"[\w.-]{1,32}")  # too short for a misspelt UUID
LONGEST = 4000


def require_columns(row: Mapping[str, str | None]) -> None:
    """Raise `Fault` for a row with more values than its file has columns."""
    if row.get(BEYOND):
        raise Fault("строка", MORE_THAN_COLUMNS, FORM)


class Unreadable(Exception):  # noqa: N818 - a verdict on a row, not an error of ours
    """A cell can't be taken. A fault never repeats the value: it may be personal."""

    def __init__(self, column: str, reason: str, clause: str = FORM) -> None:
        super().__init__(f"{column}: {reason} ({clause})")
        self.fault = Fault(column, reason, clause)


@dataclass(frozen=True)
class Line:
    """Reads cells; raises `Unreadable`. `blank` is what an empty cell means."""

    row: Row

    def text(self, column: str, blank: str | None = None) -> str:
        """Return the text without the spaces around it, at most 4000 characters."""
        if self.row.get(BEYOND):
            raise Unreadable("строка", MORE_THAN_COLUMNS)
        said = (self.row.get(column) or "").strip()
        if len(said) > LONGEST or "\0" in said:
            raise Unreadable(column, "Слишком длинно или с нулевым знаком")
        if said or blank is not None:
            return said or blank or ""
        raise Unreadable(column, "Пусто")

    def code(self, column: str) -> str:
        """Return a code of 1 to 32 letters, digits, points and hyphens."""
        said = self.text(column)
        if not CODE.fullmatch(said):
            raise Unreadable(column, "Не код: до 32 букв, цифр, точек и дефисов")
        return said

    def day(self, column: str, blank: date | None = None) -> date:
        """Return a date written as 2024-02-01."""
        said = self.text(column, blank=str(blank) if blank else None)
        try:
            return date.fromisoformat(said)
        except ValueError:
            raise Unreadable(column, "Не дата вида ГГГГ-ММ-ДД") from None

    def word[W: str](self, column: str, words: Mapping[str, W], blank: str = "") -> W:
        """Return one of the words that may stand here."""
        said = self.text(column, blank=blank or None)
        if said not in words:
            raise Unreadable(column, f"Не одно из: {', '.join(words)}")
        return words[said]

    def person(self, who: Who) -> PersonId:
        """Return whom `person_id` names, or the system's number `person_sourced_id`."""
        if self.text("person_id", blank=""):
            return PersonId(self.id("person_id"))
        system, number = self.code("source_system"), self.text("person_sourced_id")
        found = who(system, number)
        if found is None:
            raise Unreadable("person_sourced_id", "Такой человек в реестре не опознан")
        return found

    def id(self, column: str) -> UUID:
        """Return a UUID."""
        try:
            return UUID(self.text(column))
        except ValueError:
            raise Unreadable(column, "Не UUID") from None


def id_or_code(kind: str, said: str, column: str) -> UUID:
    """Return the UUID said, or the one id of the thing that has this code."""
    try:
        return UUID(said)
    except ValueError:
        return named(kind, Line({column: said}).code(column))
