"""Whether a process lives, and whether it is to be sent requests (reliability 9, 21)."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from fastapi import APIRouter, Response


@dataclass(frozen=True, kw_only=True)
class Health:
    """Each part of a service that is not well, and how.

    Where something is `lacking` nobody is sent. What is `degraded` waits for an operator:
    the doors work, and taking them away would help nobody.
    """

    lacking: Mapping[str, str] = field(default_factory=dict[str, str])
    degraded: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def status(self) -> str:
        """Return it in one word: ok, degraded, waiting."""
        if self.lacking:
            return "waiting"
        return "degraded" if self.degraded else "ok"

    @property
    def parts(self) -> dict[str, str]:
        """Return what is not well, part by part."""
        found: dict[str, list[str]] = {}
        for each in (self.lacking, self.degraded):
            for part, why in each.items():
                found.setdefault(part, []).append(why)
        return {part: "; ".join(why) for part, why in found.items()}


type Ready = Callable[[], Health]
"""Says how a service is. It may block."""

type Says = Callable[[], str | None]
"""Says what is wrong with a part, None if it is well."""


@dataclass(frozen=True)
class Parts:
    """Whom to ask how a service is: (part, what it says)."""

    lacking: list[tuple[str, Says]] = field(default_factory=list[tuple[str, Says]])
    degraded: list[tuple[str, Says]] = field(default_factory=list[tuple[str, Says]])

    def ready(self) -> Health:
        """Ask all of them."""
        return Health(lacking=_said(self.lacking), degraded=_said(self.degraded))


def _said(parts: Sequence[tuple[str, Says]]) -> dict[str, str]:
    return {part: why for part, says in parts if (why := says())}


UNWELL: dict[int | str, dict[str, Any]] = {503: {"description": "Не готова: чего недостаёт"}}


def health(ready: Ready) -> APIRouter:
    """Return the two routes that anybody may ask."""
    router = APIRouter(prefix="/health")

    @router.get("/live", operation_id="live", summary="Процесс жив")
    async def live() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/ready", operation_id="ready", summary="Служба готова", responses=UNWELL)
    async def is_ready() -> Response:
        now = await asyncio.to_thread(ready)
        return Response(
            msgspec.json.encode({"status": now.status, "parts": now.parts}),
            503 if now.lacking else 200,
            media_type="application/json",
        )

    return router
