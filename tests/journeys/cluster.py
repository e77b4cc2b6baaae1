"""Five processes on real Kafka, PostgreSQL and the MongoDB protocol."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from metodika.services import NAMES, service, source
from services.monitoring.domain import FOUNDING_TARGETS
from shared.runtime.engine import Engine, utc_now
from shared.runtime.issuer import LocalIssuer
from shared.runtime.seal import Keys
from shared.runtime.seal_shelves import migrate_keys
from shared.runtime.settings import SEALING
from shared.runtime.store import LogStore, migrate, open_store
from tests.infra.servers import Kafka, Mongo, Postgres
from tests.journeys.http import let_in
from tests.journeys.running import Server, started, within

MASTER = base64.b64encode(bytes(range(32))).decode()
SOON = 40.0
"""Seconds within which everybody has heard everybody."""


@dataclass
class Cluster:
    """The world of five processes, and what a test may see of it from outside."""

    folder: Path
    kafka: Kafka
    postgres: Postgres
    mongo: Mongo
    urls: dict[str, str] = field(default_factory=dict[str, str])
    servers: dict[str, Server] = field(default_factory=dict[str, Server])
    stores: dict[str, LogStore] = field(default_factory=dict[str, LogStore])

    def __post_init__(self) -> None:
        self.prefix = f"t{uuid4().hex[:8]}"
        self.keys = self.postgres.new_database()
        migrate_keys(self.keys)
        for name in NAMES:
            self.urls[name] = self.postgres.new_database()
            migrate(self.urls[name], source(name))
            self.stores[name] = open_store(self.urls[name], source(name))
        keys = Keys(self.keys, base64.b64decode(MASTER))
        let_in(Engine(service("registry"), self.stores["registry"], keys))
        keys.close()
        self.issuer = LocalIssuer(self.folder)

    def start(self, *names: str) -> None:
        """Start these services beside one another, all five if none is named."""
        with ThreadPoolExecutor() as at_once:
            list(at_once.map(self.begin, names or NAMES))

    def begin(self, name: str) -> None:
        """Start one service; it is known from then on."""
        self.servers[name] = self.started(name)

    def settings(self, name: str) -> dict[str, str]:
        """Return what the process of a service is told."""
        trusted = self.issuer.trusted()
        sealing = {"keys_url": self.keys, "master_key": MASTER} if name in SEALING else {}
        return sealing | {
            "store_url": self.urls[name],
            "views_url": self.mongo.url,
            "kafka_bootstrap": self.kafka.bootstrap,
            "prefix": self.prefix,
            "oidc_issuers": json.dumps([trusted.model_dump(mode="json")]),
        }

    def started(self, name: str) -> Server:
        """Start one service."""
        server = started(self.folder / name, "--service", name, **self.settings(name))
        server.token = self.issuer.issue("federal-1", now=utc_now(), ttl=timedelta(hours=1))
        return server

    # ── As a teller ─────────────────────────────────────────────────────────

    def tell(self, service: str, *commands: Any) -> None:
        for each in commands:
            answer = self.servers[service].ask("", each)
            assert answer.status_code == 200, (each, answer.text)

    def settle(self) -> None:
        within(SOON, self.is_quiet, "everybody has heard everybody")

    def is_quiet(self) -> bool:
        """Say whether everybody has heard everything, and so has the ledger."""
        heads = {source(name): self.stores[name].head().position for name in NAMES}
        for name in NAMES:
            marks = self.stores[name].marks()
            behind = [
                log
                for log, head in heads.items()
                if log != source(name) and head > (marks[log].position if log in marks else 0)
            ]
            if behind:
                return False
        known = self.kpi("K-F1")["vector"]
        return all(known.get(log, 0) == head for log, head in heads.items())

    # ── What it answers ─────────────────────────────────────────────────────

    def kpi(self, name: str, **query: str) -> dict[str, Any]:
        """Return an indicator as monitoring answers it; nothing while it is away."""
        answer = self.servers["monitoring"].get(f"/kpi/{name}", **query)
        return answer.json() if answer.status_code == 200 else {"vector": {}}

    def set_targets(self) -> None:
        """Say the founding targets over HTTP."""
        self.tell("monitoring", *FOUNDING_TARGETS)

    def close(self) -> None:
        """End all of it."""
        for server in self.servers.values():
            server.close()
        for store in self.stores.values():
            store.close()
        self.postgres.forget(self.keys, *self.urls.values())
