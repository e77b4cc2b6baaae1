"""Who somebody is: СНИЛС, a birth date, and how years are counted."""

import re
from datetime import date, timedelta
from itertools import accumulate

SNILS = re.compile(r"[0-9]{3}-?[0-9]{3}-?[0-9]{3}[- ]?[0-9]{2}")
NO_DIGIT = re.compile("[^0-9]")
DIGITS = 11
ZERO = ord("0") * sum(range(10))
UNCHECKED_UP_TO = 1_001_998
"""Numbers up to 001-001-998 were given out before there was a checksum."""


def snils_digits(text: str) -> str | None:
    """Return the eleven digits of a СНИЛС, None if it cannot be one.

    The checksum: Σ digit × (10 − place) over nine digits, mod 101, 100 being 00; that is
    the sum of the sums of the first digit, of the first two, and so on.
    """
    if not SNILS.fullmatch(text):
        return None
    digits = NO_DIGIT.sub("", text) if len(text) > DIGITS else text
    weighed = sum(accumulate(digits[:9].encode())) - ZERO
    sound = weighed % 101 % 100 == int(digits[9:]) or int(digits[:9]) <= UNCHECKED_UP_TO
    return digits if sound else None


def snils_written(digits: str) -> str:
    """Return a СНИЛС as it is printed: 112-233-445 95."""
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:9]} {digits[9:]}"


def opened(field: object) -> date | None:
    """Return a birth date that could be opened; None once the key is destroyed."""
    return field if isinstance(field, date) else None


def readable(field: object) -> str | None:
    """Return the digits of a СНИЛС that could be opened; None if it could not."""
    return NO_DIGIT.sub("", field) if isinstance(field, str) else None


def months_after(day: date, months: int) -> date:
    """Return the same day so many months later.

    A month that has no such day ends the term on its last one (ГК РФ, ст. 192 п. 3):
    who was born on 29 February has the birthday of a common year on the 28th.
    """
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    try:
        return day.replace(year=year, month=month)
    except ValueError:  # only a month shorter than December
        return date(year, month + 1, 1) - timedelta(days=1)


def birthday(born: date, age: int) -> date:
    """Return the day on which somebody reaches an age, in whole years."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:  # born on 29 February
        return months_after(born, 12 * age)
