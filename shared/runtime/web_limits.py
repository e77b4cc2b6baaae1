"""No request is longer than its door allows, chunked or not."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.runtime.problems import Problem


@dataclass
class Bounded:
    """Refuse with 413 what is longer than `limit(path)` bytes, before it is read."""

    app: ASGIApp
    limit: Callable[[str], int]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on the request, counting its bytes."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        limit, seen = self.limit(scope["path"]), 0
        told = dict(scope["headers"]).get(b"content-length", b"0")
        if not told.isdigit() or int(told[:20]) > limit:
            return await too_long().response()(scope, receive, send)

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise too_long()
            return message

        return await self.app(scope, counted, send)


def too_long() -> Problem:
    """Answer 413 and hang up."""
    return Problem(413, "too-long", headers={"Connection": "close"})
