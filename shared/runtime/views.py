"""Documents for readers: a small port with two homes, MongoDB and SQLite.

A document is one JSON object per stream, kept with the position of the log that it
knows and the territory it belongs to. It is derived: what is lost is folded anew, in a
generation beside the live one, and readers never see half of it.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import msgspec

type Document = Mapping[str, Any]
type Page = tuple[Sequence[Document], str | None]
type SortKey = str | int | float | bool | None


class Rebuilding(Exception):  # noqa: N818 - said of documents, 503 to a reader
    """There are no documents of this name yet, or again: ask a little later."""


class BadCursor(ValueError):  # noqa: N818 - said of a request
    """The cursor is none that a page of this list gave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """The document of a stream as of a position; None: there is none any more."""

    id: str
    position: int
    document: Document | None
    territory: str | None = None


class Known(NamedTuple):
    """A document, and the last position of its stream that is folded into it."""

    document: Document
    position: int


class Taken(NamedTuple):
    """How far the log has been taken into a generation of documents.

    `last` names the record there; None: nobody said.
    """

    generation: str
    position: int
    last: str | None = None


class Views(Protocol):
    """The documents of one service. Its log is their one source, one writes them.

    `into` is a generation that `begin` made; without it the live one is meant. Whoever
    asks for documents that have no live generation gets `Rebuilding`.
    """

    names: Sequence[str]

    async def get(self, name: str, id: str) -> Document | None:  # noqa: A002 - a document has an id
        """Return a document, or None."""
        ...

    async def put(self, name: str, puts: Sequence[Put], *, into: str | None = None) -> None:
        """Write documents; one that is known at this position or later stays."""
        ...

    async def find(  # noqa: PLR0913 - one question
        self,
        name: str,
        *,
        equals: Mapping[str, Any],
        scopes: Collection[str] | None,
        sort: str,
        after: str | None,
        limit: int,
    ) -> Page:
        """Return documents in the order of a field, and a cursor if there are more.

        `equals` are fields with one plain value each. `scopes` are territory paths:
        only documents at or below one of them; None, or the empty path, is everything.
        Raises `BadCursor`.
        """
        ...

    async def one(
        self, name: str, *, equals: Mapping[str, Any], scopes: Collection[str] | None
    ) -> Known | None:
        """Return the first of what `find` would, with the position that it knows."""
        ...

    async def position(self, source: str) -> int:
        """Return up to where a log has been taken into all documents; 0: not yet."""
        ...

    async def taken(self, name: str) -> Taken:
        """Return which documents of a name are live, and how far the log is in them."""
        ...

    async def took(self, name: str, taken: Taken) -> None:
        """Keep how far the log is in a generation, if that is still the live one."""
        ...

    async def begin(self, name: str, made_by: str = "") -> str:
        """Make an empty generation beside the live one; its name begins with `made_by`."""
        ...

    async def swap(self, name: str, generation: str, position: int) -> None:
        """Let a generation be the live one, as of a position.

        If another has become so since it was begun, that one stays and this one goes:
        of two processes that fold at once one is as good as the other. The one before
        it is kept until the next swap, for whoever reads it just now.
        """
        ...

    async def move(self, name: str, moves: Mapping[str, str]) -> None:
        """Take the live documents at each of these paths to another."""
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...


def cursor(key: SortKey, id: str) -> str:  # noqa: A002 - the field is called so
    """Return what a page ends with: ASCII, of the last document's sort field and id."""
    return urlsafe_b64encode(msgspec.json.encode((key, id))).decode().rstrip("=")


_cursor = msgspec.json.Decoder(tuple[SortKey, str])


def place(text: str) -> tuple[SortKey, str]:
    """Read a cursor. Raises `BadCursor`."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        return _cursor.decode(urlsafe_b64decode(padded))
    except (ValueError, msgspec.MsgspecError):
        raise BadCursor("the cursor is of no page") from None


def page(rows: Sequence[Document], sort: str, limit: int) -> Page:
    """Cut a page out of one row more than asked for."""
    if len(rows) <= limit:
        return rows, None
    kept = rows[:limit]
    return kept, cursor(kept[-1].get(sort), str(kept[-1]["id"]))


def everywhere(scopes: Collection[str] | None) -> bool:
    """Say whether these paths leave nothing out."""
    return scopes is None or "" in scopes
