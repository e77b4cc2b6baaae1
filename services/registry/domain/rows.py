"""One row of a roster, column by column: the value, or the fault that it has."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

from shared.kernel import Fault

type Row = Mapping[str, str]

LONGEST = 500
"""Characters in one value: what is longer is a broken file."""


def said(row: Row, column: str) -> str:
    """Return whatever stands there, without the blanks around it."""
    return (row.get(column) or "").strip()


def text(row: Row, column: str, default: str = "") -> str:
    """Return a value without the blanks around it. Raises `Fault` if it can be none."""
    value = (row.get(column) or "").strip() or default
    if len(value) > LONGEST or "\0" in value:
        raise Fault(column, f"Длиннее {LONGEST} знаков или с нулевым знаком", "S1 5.5")
    return value


def needed(row: Row, column: str, clause: str, default: str = "") -> str:
    """Return a value that must be there."""
    value = text(row, column, default)
    if not value:
        raise Fault(column, "Пусто", clause)
    return value


def day(row: Row, column: str, clause: str) -> date | None:
    """Return a date written as 2023-09-01 (of a moment, its day); None if blank."""
    value = text(row, column)
    if not value:
        return None
    try:
        is_day = len(value) == len("2023-09-01")
        found = (date if is_day else datetime).fromisoformat(value)
    except ValueError:
        found = None
    if found is None or value[4] != "-" or value[7] != "-":  # as ISO 8601 allows too
        raise Fault(column, "Не дата вида ГГГГ-ММ-ДД", clause)
    return found.date() if isinstance(found, datetime) else found


def whatever_day(row: Row, column: str) -> date | None:
    """Return a date, None if it is blank or none: its own row will have the fault."""
    try:
        return date.fromisoformat(said(row, column)[:10])
    except ValueError:
        return None


def whatever_moment(row: Row, column: str) -> datetime | None:
    """Return a moment in UTC, of a day its midnight; None if it is blank or none."""
    value = said(row, column)
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def needed_day(row: Row, column: str, clause: str) -> date:
    """Return a date that must be there."""
    found = day(row, column, clause)
    if found is None:
        raise Fault(column, "Пусто", clause)
    return found


def yes(row: Row, column: str, clause: str, *, default: bool) -> bool:
    """Return `true` or `false`; the default if blank."""
    value = text(row, column)
    if value not in {"", "true", "false"}:
        raise Fault(column, "Не true и не false", clause)
    return value == "true" if value else default


def one_of[W: str](
    words: tuple[W, ...], row: Row, column: str, clause: str, default: str = ""
) -> W:
    """Return one of the words that may stand in a column."""
    return word(words, needed(row, column, clause, default), column, clause)


def word[W: str](words: tuple[W, ...], value: str, column: str, clause: str) -> W:
    """Return a value that is one of the words."""
    for each in words:
        if each == value:
            return each
    raise Fault(column, f"Не одно из: {', '.join(words)}", clause)
