"""HEAD is answered as GET is (RFC 9110 9.3.2), by the same route and its roles."""

from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ONLY_HEAD = "metodika.only_head"


@dataclass
class Headed:
    """Ask for HEAD by GET; the server, which knows what came in, leaves the body out."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on the request; where GET is allowed, say that HEAD is."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("allow") == "GET":
                    headers["allow"] = "GET, HEAD"
            await send(message)

        # a copy: what the server knows of the request stays as it is
        asked = dict(scope)
        if scope["method"] == "HEAD":
            asked |= {"method": "GET", ONLY_HEAD: True}
        return await self.app(asked, receive, told)


def is_head(request: Request) -> bool:
    """Say whether nothing but the head of the answer is asked for."""
    return ONLY_HEAD in request.scope
