"""A bell that any thread may ring and one loop waits for."""

import asyncio
from contextlib import suppress


class Bell:
    """Made inside a running loop. Rung while nobody waits, it is heard by the next."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._rung = asyncio.Event()

    def ring(self, *_: object) -> None:
        """Wake whoever waits; from any thread, also after the loop has ended."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._rung.set)

    async def wait(self, seconds: float) -> None:
        """Return when it was rung, and at the latest after this time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        self._rung.clear()
