"""What code made something: so that what other code made is made anew."""

import hashlib
from functools import cache
from importlib import import_module
from pathlib import Path

SIGNS = 8
TEXTS = {".py", ".sql"}
FOLDS = (
    "shared.kernel",
    "shared.events",
    "shared.runtime.codec",
    "shared.runtime.projector",
    "shared.runtime.territory",
)
"""What every document is folded with, beside the code of its service."""


@cache
def made_by(*names: str) -> str:
    """Return hexadecimal signs that stand for the code of these packages and modules."""
    said = hashlib.sha256()
    for name in names:
        for path in _files(name):
            said.update(f"{name} {path.name}\0".encode() + path.read_bytes() + b"\0")
    return said.hexdigest()[:SIGNS]


def _files(name: str) -> list[Path]:
    found = import_module(name)
    if not hasattr(found, "__path__"):
        return [Path(str(found.__file__))]
    return sorted(
        each
        for root in found.__path__
        for each in Path(root).rglob("*")
        if each.suffix in TEXTS
    )
