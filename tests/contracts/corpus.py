"""The golden corpus: each fact that was ever stored, whole and with nothing optional.

`python -m tests.contracts.corpus` adds what is missing and never touches what is there.
"""

import json
from dataclasses import is_dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints
from uuid import UUID

import shared.events
from shared.kernel import Kind, Personal, Sealed, catalogue
from shared.runtime import codec

assert shared.events  # to import the language is to fill the catalogue

CORPUS = Path(__file__).with_name("corpus")


def example(hint: Any, n: int, *, whole: bool) -> Any:
    """Return a value of a type; the n-th field has its own."""
    if get_origin(hint) is Personal:
        return Sealed(UUID(int=1), UUID(int=2), "A256GCM", "c2VhbGVk")
    hint = getattr(hint, "__value__", getattr(hint, "__supertype__", hint))
    arms = get_args(hint)
    if NoneType in arms:
        inner = next(arm for arm in arms if arm is not NoneType)
        return example(inner, n, whole=whole) if whole else None
    if get_origin(hint) is Literal:
        return arms[n % len(arms)]
    if get_origin(hint) is tuple:
        return tuple(example(arms[0], n + k, whole=whole) for k in range(2 * whole))
    if is_dataclass(hint):
        of: Any = hint
        hints = enumerate(get_type_hints(of).items())
        return of(**{name: example(each, n + k, whole=whole) for k, (name, each) in hints})
    plain: dict[Any, Any] = {
        UUID: UUID(int=n),
        date: date(2024, 2, 1 + n % 28),
        Decimal: Decimal("64.25"),
        str: f"слово {n}",
        int: n,
        bool: bool(n % 2),
    }
    return plain[hint]


def name_of(kind: Kind) -> str:
    """Return the file of a fact and its schema."""
    return f"{kind.name}.{kind.schema}.json"


def entry(kind: Kind) -> dict[str, Any]:
    """Return the stored bytes of a fact, whole and least, and what each hashes to."""
    forms: dict[str, Any] = {}
    for form in ("whole", "least"):
        fact = example(kind.fact, 1, whole=form == "whole")
        data = codec.encode(fact)
        forms[form] = {"data": data.decode(), "sha256": sha256(repr(fact).encode()).hexdigest()}
    return forms


def main() -> None:
    """Write what is missing."""
    CORPUS.mkdir(exist_ok=True)
    for kind in catalogue.values():
        path = CORPUS / name_of(kind)
        if not path.exists():
            text = json.dumps(entry(kind), ensure_ascii=False, indent=1)
            path.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
