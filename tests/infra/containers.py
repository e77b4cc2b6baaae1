"""The same three from Docker, where an engine answers."""

import os
import warnings
from typing import Any

from tests.infra.process import STARTS_WITHIN, free_port
from tests.infra.servers import Kafka, Mongo, Postgres


def engine() -> str | None:
    """Return why no engine can be used; None when one answers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import docker  # noqa: PLC0415 - comes with testcontainers, slow to import
    try:
        docker.from_env(timeout=3).ping()
    except Exception as refused:  # noqa: BLE001 - whatever it is, there is no engine
        return f"no Docker: {type(refused).__name__}"
    return None


def _start(image: str, port: int, inside: int, **environment: str) -> Any:
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    from testcontainers.core.container import (  # noqa: PLC0415 - only with an engine
        DockerContainer,
    )
    from testcontainers.core.wait_strategies import (  # noqa: PLC0415 - slow, and rarely needed
        PortWaitStrategy,
    )

    container = DockerContainer(image).with_bind_ports(inside, port)
    for name, value in environment.items():
        container = container.with_env(name, value)
    wait = PortWaitStrategy(inside).with_startup_timeout(int(STARTS_WITHIN))
    return container.waiting_for(wait).start()


def docker_kafka() -> tuple[Kafka, Any]:
    """Start Apache Kafka's own image."""
    port = free_port()
    container = _start(
        "apache/kafka:4.3.1",
        port,
        port,
        KAFKA_NODE_ID="1",
        KAFKA_PROCESS_ROLES="broker,controller",
        KAFKA_LISTENERS=f"CLIENT://:{port},CONTROLLER://:19093",
        KAFKA_ADVERTISED_LISTENERS=f"CLIENT://127.0.0.1:{port}",
        KAFKA_INTER_BROKER_LISTENER_NAME="CLIENT",
        KAFKA_CONTROLLER_LISTENER_NAMES="CONTROLLER",
        KAFKA_LISTENER_SECURITY_PROTOCOL_MAP="CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        KAFKA_CONTROLLER_QUORUM_VOTERS="1@127.0.0.1:19093",
        KAFKA_AUTO_CREATE_TOPICS_ENABLE="false",
        KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR="1",
        KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS="0",
    )
    return Kafka(address=f"127.0.0.1:{port}", how="Docker apache/kafka:4.3.1"), container


def docker_postgres() -> tuple[Postgres, Any]:
    """Start PostgreSQL 18."""
    port = free_port()
    container = _start("postgres:18", port, 5432, POSTGRES_HOST_AUTH_METHOD="trust")
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    return Postgres(address=url, how="Docker postgres:18"), container


def docker_mongo() -> tuple[Mongo, Any]:
    """Start MongoDB itself."""
    port = free_port()
    container = _start("mongo:8", port, 27017)
    return Mongo(address=f"mongodb://127.0.0.1:{port}", how="Docker mongo:8"), container
