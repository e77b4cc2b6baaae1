"""Facts and commands of which only what matters is said."""

from datetime import date
from decimal import Decimal
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints
from uuid import UUID

from shared.kernel import Personal, Told

DAY = date(2024, 2, 1)
PLAIN = {
    UUID: UUID(int=0),
    date: DAY,
    Decimal: Decimal(0),
    str: "",
    int: 0,
    bool: False,
}


def a[F](kind: type[F], /, **said: Any) -> F:
    """Make one; the fields that are not said are empty, false, zero or `DAY`."""
    hints = get_type_hints(kind).items()
    asked = {name: plain(hint) for name, hint in hints if get_origin(hint) is not Told}
    return kind(**asked | said)  # what is Told keeps its default: nothing was heard


def plain(hint: Any) -> Any:
    """Return the dullest value of a type."""
    if get_origin(hint) is Personal:
        return plain(*get_args(hint))
    hint = getattr(hint, "__value__", getattr(hint, "__supertype__", hint))
    if get_origin(hint) is Literal:
        return get_args(hint)[0]
    if get_origin(hint) is tuple:
        return ()
    return None if NoneType in get_args(hint) else PLAIN[hint]
