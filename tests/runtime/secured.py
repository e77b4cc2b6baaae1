"""Who may do what at the secured broker, and what each process is told in its settings."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType

from shared.runtime.kafka import Broker
from shared.runtime.settings import PREFIX, Settings, load
from tests.infra.certificates import Authority
from tests.infra.secured import ADMIN, SecuredKafka

TOPIC, GROUP = ResourceType.TOPIC, ResourceType.GROUP
LITERAL, PREFIXED = ResourcePatternType.LITERAL, ResourcePatternType.PREFIXED
READ, WRITE, CREATE = AclOperation.READ, AclOperation.WRITE, AclOperation.CREATE
DELETE = AclOperation.DELETE

type Right = tuple[Any, str, Any, Any]
type Told = dict[str, Any]


def of_service(prefix: str, name: str) -> list[Right]:
    """Return what a service needs: its own topic to write and clear, all to make and hear."""
    return [
        (TOPIC, f"{prefix}.", PREFIXED, CREATE),
        (TOPIC, f"{prefix}.", PREFIXED, READ),
        (TOPIC, f"{prefix}.{name}.v1", LITERAL, WRITE),
        (TOPIC, f"{prefix}.{name}.v1", LITERAL, DELETE),
        (GROUP, f"{prefix}.", PREFIXED, READ),
    ]


def of_subscriber(prefix: str, name: str) -> list[Right]:
    """Return what somebody needs who reads one log and keeps his own place in it."""
    return [(TOPIC, f"{prefix}.{name}.v1", LITERAL, READ)]


def settings_of(said: Told, environment: pytest.MonkeyPatch) -> Settings:
    """Read the settings of an environment that says this and nothing else."""
    for name in Settings.model_fields:
        environment.delenv(PREFIX + name.upper(), raising=False)
    for name, value in said.items():
        environment.setenv(PREFIX + name.upper(), str(value))
    return load()


@dataclass
class Cluster:
    """The secured broker, whom it trusts, and topics that no other test has."""

    kafka: SecuredKafka
    authority: Authority
    stranger: Authority
    environment: pytest.MonkeyPatch
    prefix: str = field(default_factory=lambda: f"t{uuid4().hex[:8]}")

    def broker(self, said: Told) -> Broker:
        """Return the broker that an environment names."""
        return Broker.of(settings_of({"prefix": self.prefix} | said, self.environment))

    def with_password(self, user: str, mechanism: str = "SCRAM-SHA-512") -> Told:
        """Return the settings of somebody who has a password."""
        return {
            "kafka_bootstrap": self.kafka.bootstrap,
            "kafka_security": "SASL_SSL",
            "kafka_mechanism": mechanism,
            "kafka_username": user,
            "kafka_password": self.kafka.passwords[user],
            "kafka_ca": self.authority.ca,
        }

    def with_certificate(self, user: str, by: Authority | None = None) -> Told:
        """Return the settings of somebody who has a client certificate."""
        pair = (by or self.authority).client(user)
        return {
            "kafka_bootstrap": self.kafka.mutual,
            "kafka_security": "SSL",
            "kafka_ca": self.authority.ca,
            "kafka_cert": pair.cert,
            "kafka_key": pair.key,
        }

    def grant(self, user: str, rights: Iterable[Right]) -> None:
        """Let a user do these things and no others."""
        admin = AdminClient({
            "bootstrap.servers": self.kafka.bootstrap,
            "security.protocol": "SASL_SSL",
            "ssl.ca.location": str(self.authority.ca),
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": ADMIN,
            "sasl.password": self.kafka.passwords[ADMIN],
        })  # fmt: skip
        allow = AclPermissionType.ALLOW
        bindings = [
            AclBinding(kind, name, pattern, f"User:{user}", "*", operation, allow)
            for kind, name, pattern, operation in rights
        ]
        for each in admin.create_acls(bindings).values():
            each.result(timeout=20)
