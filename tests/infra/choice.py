"""The first that answers: the environment, then Docker, then this machine."""

import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

from tests.infra import containers, servers
from tests.infra.servers import Kafka, Mongo, Postgres, Server

VARIABLES = {
    "kafka": "METODIKA_TEST_KAFKA",
    "postgres": "METODIKA_TEST_POSTGRES",
    "mongo": "METODIKA_TEST_MONGO",
}
CLASSES: dict[str, type[Server]] = {
    "kafka": Kafka,
    "postgres": Postgres,
    "mongo": Mongo,
}
DOCKER: dict[str, Callable[[], tuple[Server, Any]]] = {
    "kafka": containers.docker_kafka,
    "postgres": containers.docker_postgres,
    "mongo": containers.docker_mongo,
}
LOCAL: dict[str, Callable[[], Server]] = {
    "kafka": servers.local_kafka,
    "postgres": servers.local_postgres,
    "mongo": servers.local_mongo,
}

no_docker = cache(containers.engine)


def required() -> bool:
    """Say whether a missing part is a failure (METODIKA_REQUIRE_INFRA=1)."""
    return os.environ.get("METODIKA_REQUIRE_INFRA", "0") not in {"", "0"}


class Parts:
    """The servers of one run, each started when it is first asked for."""

    def __init__(self) -> None:
        self.used: dict[str, Server] = {}
        self.missing: dict[str, str] = {}
        self.passed_over: list[str] = []
        self._containers: list[Any] = []
        self._extra: list[Server] = []

    def part(self, name: str) -> Server:
        """Return `kafka`, `postgres` or `mongo`; RuntimeError says why not."""
        if name in self.missing:
            raise RuntimeError(self.missing[name])
        if name not in self.used:
            try:
                server = self._given(name) or self._contained(name) or LOCAL[name]()
            except (RuntimeError, OSError) as why:
                self.missing[name] = f"{name}: {why}"
                raise RuntimeError(self.missing[name]) from why
            self.used[name] = server
        return self.used[name]

    def _given(self, name: str) -> Server | None:
        variable = VARIABLES[name]
        if address := os.environ.get(variable):
            return CLASSES[name](address=address, how=f"environment, {variable}")
        return None

    def _contained(self, name: str) -> Server | None:
        if no_docker() is not None:
            return None
        try:
            server, container = DOCKER[name]()
        except Exception as refused:  # noqa: BLE001 - no image, no space: start our own
            self.passed_over.append(f"{name}: not from Docker, {type(refused).__name__}")
            return None
        self._containers.append(container)
        return server

    def breakable(self, name: str) -> Server:
        """Return a server of our own that a test may stop, kill and start again."""
        extra = LOCAL[name]()
        self._extra.append(extra)
        return extra

    def close(self) -> None:
        """End everything that was started."""
        for server in (*self.used.values(), *self._extra):
            server.remove()
        for container in self._containers:
            with suppress(Exception):
                container.stop()

    def plan(self) -> list[str]:
        """Say of each part where it would come from."""
        otherwise = "this machine" if no_docker() else "Docker"
        return [
            f"{name}: {f'environment, {each}' if os.environ.get(each) else otherwise}"
            for name, each in VARIABLES.items()
        ]

    def report(self) -> list[str]:
        """Say of each part what was used."""
        used = [
            f"{name}: {server.how} ({server.shown()})" for name, server in self.used.items()
        ]
        missing = [f"MISSING {why}" for why in self.missing.values()]
        return [*used, *self.passed_over, *missing]
