"""The manifest of a OneRoster package: which files are there, and whether they are whole."""

from collections.abc import Mapping, Sequence
from typing import Literal

from services.registry.domain.rows import Fault, Row, said, word

type Mode = Literal["absent", "bulk", "delta"]
"""`bulk` states the whole of its system, `delta` only what has changed."""

MODES: tuple[Mode, ...] = ("absent", "bulk", "delta")
VERSION = "1.2"


def read_manifest(rows: Sequence[Row]) -> Mapping[str, Mode]:
    """Return what the manifest says of each file, `roles` → `bulk`.

    Without a manifest nothing is said, and no file is whole. Raises `Fault`.
    """
    modes: dict[str, Mode] = {}
    for row in rows:
        name, value = said(row, "propertyName"), said(row, "value")
        if name == "oneroster.version" and value != VERSION:
            raise Fault(name, f"Читается OneRoster {VERSION}", "S1 5.5")
        kind, _, file = name.partition(".")
        if kind == "file":
            modes[file] = word(MODES, value, name, "S1 5.5")
    return modes


def is_whole(modes: Mapping[str, Mode]) -> bool:
    """Say whether whoever has no role in the package works there no more."""
    return modes.get("roles") == "bulk"
