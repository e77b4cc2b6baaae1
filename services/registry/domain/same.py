"""Whether two rows, or a row and a record, name the same human (S1 5.5)."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from services.registry.domain.identity import snils_digits
from services.registry.domain.rows import Fault, Row, said

AROUND_HYPHEN = re.compile(r"\s*-\s*")

NOT_YOURS = Fault(
    "",
    "Человека внесла другая территория: нужны работа у вас и те же фамилия, имя, СНИЛС"
    " и дата рождения, что записаны там",
    "S0 V",
)
"""Of somebody who is not the sender's, whatever is wrong: nothing is to be guessed by it."""

TOLD_APART = Fault(
    "metadata.snils",
    "В пакете этот СНИЛС и у другого имени или другой даты рождения; неясно, что верно",
    "S1 5.5",
)


def written_alike(name: str) -> list[str]:
    """Return the words of a name without what writing changes: case, ё, spaces."""
    return AROUND_HYPHEN.sub("-", name).casefold().replace("ё", "е").split()


def is_named(full_name: object, family: str, given: str) -> bool:
    """Say whether a full name begins with a surname and a given name, in either order.

    One that could not be opened is nobody's.
    """
    known = written_alike(full_name) if isinstance(full_name, str) else []
    orders = (f"{family} {given}", f"{given} {family}")
    return any(known[: len(words)] == words for words in map(written_alike, orders))


def told_apart(rows: Iterable[Row]) -> set[int]:
    """Return the lines of users whose СНИЛС another row gives to somebody else.

    Who knows a СНИЛС alone could otherwise try every birth date in one package.
    """
    by_snils = defaultdict[str, list[tuple[int, Row]]](list)
    for line, row in enumerate(rows, start=2):
        if digits := snils_digits(said(row, "metadata.snils")):
            by_snils[digits].append((line, row))
    several = (some for some in by_snils.values() if len(some) > 1 and not _agree(some))
    return {line for some in several for line, _ in some}


def _agree(rows: Sequence[tuple[int, Row]]) -> bool:
    return len({_who(row) for _, row in rows}) == 1


def _who(row: Row) -> tuple[str, ...]:
    names = f"{said(row, 'familyName')} {said(row, 'givenName')}"
    return (said(row, "metadata.birthDate"), *written_alike(names))
