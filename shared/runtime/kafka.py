"""Where Kafka is, how it is spoken to, and what a log is called there."""

import asyncio
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    BrokerResponseError,
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    NoError,
    SaslAuthenticationFailed,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    UnsupportedSaslMechanismError,
    for_code,
)

from shared.runtime.reach import Unreachable, is_of_us, tls_refused
from shared.runtime.settings import PREFIX, Settings, WrongSettings
from shared.runtime.told import Told

LONGEST = 4 * 1024 * 1024
"""The longest record, bytes: what a door lets in, and its envelope."""

NEW = 20
"""Tenths of a second in which a topic that was just made comes to be known."""

REPLICAS = 3
"""How many copies of a topic, if there are as many brokers."""

FOREVER: Mapping[str, str] = {
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "cleanup.policy": "delete",
    "max.message.bytes": str(LONGEST),
}


class Client(Protocol):
    """Whatever of aiokafka is started before it is used."""

    async def start(self) -> None:
        """Find the brokers."""
        ...


class NoTopic(Unreachable):
    """The topic of a log is not there: its relay makes it."""


class NotProvisioned(Told):
    """Topics could not be made: which, and what the broker said."""


@dataclass(frozen=True, kw_only=True)
class Broker:
    """A Kafka cluster. `prefix` begins the name of each topic; two worlds may share one.

    `user` is (mechanism, name, password); without it nobody is asked who we are.
    """

    bootstrap: str
    prefix: str = "metodika"
    tls: ssl.SSLContext | None = None
    user: tuple[str, str, str] | None = field(default=None, repr=False)

    @classmethod
    def of(cls, settings: Settings) -> "Broker":
        """Read it from the settings. Raises `WrongSettings` when they name no broker."""
        if settings.kafka_bootstrap is None:
            raise WrongSettings(f"{PREFIX}KAFKA_BOOTSTRAP is empty: there is no Kafka to go to")
        user = None
        if settings.kafka_mechanism and settings.kafka_password:
            password = settings.kafka_password.get_secret_value()
            user = settings.kafka_mechanism, settings.kafka_username or "", password
        tls = _tls(settings) if settings.kafka_security.endswith("SSL") else None
        return cls(
            bootstrap=settings.kafka_bootstrap, prefix=settings.prefix, tls=tls, user=user
        )

    def options(self) -> dict[str, Any]:
        """Return what each client of aiokafka is told."""
        protocol = ("SASL_" if self.user else "") + ("SSL" if self.tls else "PLAINTEXT")
        said: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": protocol,
            "ssl_context": self.tls,
        }
        if self.user:
            mechanism, name, password = self.user
            said["sasl_mechanism"] = mechanism
            said |= {"sasl_plain_username": name, "sasl_plain_password": password}
        return said

    def topic(self, source: str) -> str:
        """Return the topic of a log: `metodika.registry.v1` of `registry@0`."""
        return f"{self.prefix}.{source.partition('@')[0]}.v1"

    def partition(self, source: str) -> TopicPartition:
        """Return where exactly a log is published: `registry@3` is partition 3."""
        return TopicPartition(self.topic(source), int(source.partition("@")[2]))

    async def provision(self, sources: Collection[str]) -> None:
        """Make the topics of these logs, kept for ever; those that are there stay.

        A topic has as many partitions as its service has logs here. Raises
        `NotProvisioned`, `Unreachable`.
        """
        logs = [self.partition(source) for source in sources]
        last = {topic: max(n for t, n in logs if t == topic) for topic, _ in logs}
        admin = AIOKafkaAdminClient(**self.options())
        try:
            await self.start(admin)
            brokers = len((await admin.describe_cluster())["brokers"])
            copies = min(brokers, REPLICAS)
            answer: Any = await admin.create_topics(
                [
                    NewTopic(topic, n + 1, copies, topic_configs=dict(FOREVER))
                    for topic, n in last.items()
                ]
            )
        finally:
            await admin.close()
        for topic, code, *said in answer.topic_errors:
            if for_code(code) not in {NoError, TopicAlreadyExistsError}:
                why = next(filter(None, said), for_code(code).__name__)
                raise NotProvisioned(f"the topic {topic} cannot be made: {why}")

    async def may_read(self, source: str) -> None:
        """Raise `Unreachable` if the topic of a log is not for us to read, or `NoTopic`.

        A consumer that is not let in asks on until its time is out, and says only that.
        """
        admin, topic = AIOKafkaAdminClient(**self.options()), self.topic(source)
        try:
            await self.start(admin)
            wrong = await _wrong_with(admin, topic)
            for _ in range(NEW):
                if wrong is not UnknownTopicOrPartitionError:
                    break
                await asyncio.sleep(0.1)
                wrong = await _wrong_with(admin, topic)
        finally:
            await admin.close()
        if wrong is TopicAuthorizationFailedError:
            raise Unreachable(f"the topic {topic} is not for us to read")
        if wrong is UnknownTopicOrPartitionError:
            raise NoTopic(f"the topic {topic} is not there")

    async def forget(self, source: str, before: int) -> None:
        """Let go of all that stands in the topic of a log before an offset.

        Raises `Unreachable` when we have no right to.
        """
        admin, at = AIOKafkaAdminClient(**self.options()), self.partition(source)
        try:
            await self.start(admin)
            await admin.delete_records({at: RecordsToDelete(before)})
        except TopicAuthorizationFailedError as error:
            right = f"the right Delete on the topic {at.topic} is needed"
            raise Unreachable(f"what the log has lost stays in Kafka: {right}") from error
        finally:
            await admin.close()

    async def start(self, client: Client) -> None:
        """Start a client of aiokafka. Raises `Unreachable`, which says why."""
        try:
            await client.start()
        except KafkaConnectionError as error:
            raise Unreachable(await self._why_away()) from error

    async def _why_away(self) -> str:
        """Knock at each broker as clients do; they keep to themselves what they found."""
        options, found = self.options(), dict[str, list[str]]()
        del options["bootstrap_servers"]
        for host, port, _ in collect_hosts(self.bootstrap):
            why = "answers and knows no brokers"
            try:
                one = await create_conn(host, port, request_timeout_ms=5_000, **options)
            except (OSError, KafkaError, TimeoutError) as error:
                why = _refusal(error)
            else:
                one.close()
            found.setdefault(why, []).append(f"{host}:{port}")
        told = (f"{', '.join(hosts)} {why}" for why, hosts in found.items())
        return f"Kafka cannot be spoken to: {'; '.join(told)}"


async def _wrong_with(admin: AIOKafkaAdminClient, topic: str) -> type[BrokerResponseError]:
    (found,) = await admin.describe_topics([topic])
    return for_code(found["error_code"])


def _refusal(error: Exception) -> str:
    """Say in words, and without a password, how a broker refuses us."""
    if tls := tls_refused(error):
        ours = "CERT" if is_of_us(error) else "CA"
        return f"({PREFIX}KAFKA_SECURITY, {PREFIX}KAFKA_{ours}): {tls}"
    match error:
        case SaslAuthenticationFailed() | AuthenticationFailedError():
            return f"refuses {PREFIX}KAFKA_USERNAME with {PREFIX}KAFKA_PASSWORD"
        case UnsupportedSaslMechanismError() | IllegalSaslStateError():
            return f"does not take {PREFIX}KAFKA_MECHANISM with {PREFIX}KAFKA_SECURITY"
        case KafkaConnectionError() | ConnectionResetError():
            asked = f"{PREFIX}KAFKA_SECURITY and {PREFIX}KAFKA_CERT"
            return f"closes the connection: {asked} may not be what it asks for"
        case _:
            return f"does not answer: {type(error).__name__}"


def source_of(where: TopicPartition) -> str:
    """Return which log stands at a partition of a topic."""
    return f"{where.topic.split('.')[-2]}@{where.partition}"


def _tls(settings: Settings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.kafka_ca)
    if settings.kafka_cert and settings.kafka_key:
        context.load_cert_chain(settings.kafka_cert, settings.kafka_key)
    return context
