"""One trace from the HTTP command through Kafka to the ledger, as a collector gets it."""

import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from shared.runtime.telemetry import METRICS
from tests.infra.servers import Kafka, Mongo, Postgres
from tests.journeys import chapters as ch
from tests.journeys.cluster import Cluster
from tests.journeys.http import headers, spoken
from tests.journeys.running import Server, within
from tests.runtime.receiver import Receiver

AT_WORK = ("registry", "mentoring", "monitoring")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
ABOVE = "00f067aa0ba902b7"
LAST = "6bf92f3577b34da6a3ce929d0e0e4736"
UNSAMPLED = "5bf92f3577b34da6a3ce929d0e0e4736"
SNILS, BORN = "202-222-222 74", "09.07.1999"
PLANTED = ("Вымыслова", "202-222-222", "20222222274", "1999-07-09", "09.07.1999", "2034-07")
"""Of a person: name, СНИЛС, birth date, and the end of youth, from which it follows."""

LEGS = {
    ("registry", "command", ""),
    ("registry", "relay", "registry@0"),
    ("mentoring", "hear", "registry@0"),
    ("mentoring", "relay", "mentoring@0"),
    ("monitoring", "ingest", "registry@0"),
    ("monitoring", "ingest", "mentoring@0"),
}
"""A young teacher is employed, a pair is proposed, and both facts reach the ledger."""


@dataclass
class Watched(Cluster):
    """Processes that tell a receiver what they do, all of it."""

    told: Receiver = field(default_factory=Receiver)
    ended_in: float = 0

    def settings(self, name: str) -> dict[str, str]:
        """Return the same, and where to tell it."""
        endpoint = {"otlp_endpoint": self.told.endpoint, "trace_ratio": "1"}
        return super().settings(name) | endpoint

    def traced(self, trace: str) -> set[tuple[str, str, str]]:
        """Return the legs of a trace that have come in."""
        return {each.leg for each in self.told.spans() if each.trace == trace}


def employ(server: Server, traceparent: str, subject: str = "MATH") -> int:
    """Ask as a client does that traces its own calls."""
    where, body = spoken(ch.employed(ch.VERA, ch.SCHOOL, "01.09.2021"))
    said = headers(server.token) | {"traceparent": traceparent}
    body["subject_code"] = subject
    return server.client.post(server.url + where, json=body, headers=said).status_code


def carelessly(server: Server) -> None:
    """Plant personal data where they have no place: in a wrong body, a query, a header."""
    where, body = spoken(ch.registered(ch.ANNA, SNILS, BORN))
    named = headers(server.token) | {"baggage": f"snils={SNILS}", "tracestate": f"s={SNILS}"}
    for wrong in ({"full_name": [body["full_name"]]}, {"birth_date": BORN}, {"x": SNILS}):
        server.client.post(server.url + where, json=body | wrong, headers=named)
    server.client.get(f"{server.url}/teachers", params={"name": "Вымыслова", "snils": SNILS})
    server.client.get(f"{server.url}/teachers/{SNILS}", headers=named)


def lagging(made: Watched) -> set[str]:
    """Return the processes that have said how far behind they are."""
    return {process for process, name, *_ in made.told.measures() if name == "metodika.lag"}


@pytest.fixture(scope="module")
def watched(
    kafka: Kafka,
    postgres: Postgres,
    mongo: Mongo,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Watched]:
    """Give three processes that have carried out a traced command; `registry` has ended."""
    with pytest.MonkeyPatch.context() as environment, Receiver() as told:
        environment.setenv("OTEL_BSP_SCHEDULE_DELAY", "1500")
        environment.setenv("OTEL_METRIC_EXPORT_INTERVAL", "500")
        folder = tmp_path_factory.mktemp("traced")
        made = Watched(folder, kafka, postgres, mongo, told=told)
        try:
            made.start(*AT_WORK)
            ch.places(made)
            made.tell("registry", ch.registered(ch.VERA, SNILS, BORN))
            registry = made.servers["registry"]
            assert employ(registry, f"00-{TRACE}-{ABOVE}-01") == 200
            within(30, lambda: made.traced(TRACE) >= LEGS, "every leg of the trace")
            within(30, lambda: lagging(made) >= set(AT_WORK), "how far each is behind")
            assert employ(registry, f"00-{UNSAMPLED}-{ABOVE}-00", "PHYS") in {200, 409}
            carelessly(registry)
            assert employ(registry, f"00-{LAST}-{ABOVE}-01", "CHEM") in {200, 409}
            asked = time.monotonic()
            registry.process.stop(within=20)  # so that all it had to tell has come
            made.ended_in = time.monotonic() - asked
            yield made
        finally:
            made.close()


def test_every_leg_is_in_the_trace_of_the_command(watched: Watched) -> None:
    """§3: команда, публикация, услышавший сосед, его факт, витрина: один след."""
    ours = [each for each in watched.told.spans() if each.trace == TRACE]
    (command,) = (each for each in ours if each.name == "command")

    assert {each.leg for each in ours} >= LEGS
    assert command.parent == ABOVE
    assert command.said["command"] == "StartEmployment"
    assert all(each.parent not in {"", ABOVE} for each in ours if each is not command)


def test_what_nobody_records_is_not_recorded(watched: Watched) -> None:
    """A caller whose trace is not sampled leaves none, in any process."""
    assert watched.traced(UNSAMPLED) == set()


def test_measures_arrive_and_nothing_is_lost(watched: Watched) -> None:
    """§3: отставание, отложенное, возраст неопубликованного, длительность команды."""
    found: dict[str, set[str]] = {}
    for process, name, _, value in watched.told.measures():
        found.setdefault(name, set()).add(process)
        assert name != "metodika.unaccounted" or value == 0

    unheard_of = {"metodika.claims.wrong", "metodika.policies.refused"}
    assert found.keys() == METRICS.keys() - unheard_of
    assert found["metodika.lag"] == set(AT_WORK)
    assert found["metodika.parked"] == set(AT_WORK)
    assert found["metodika.relay.age"] == set(AT_WORK)
    assert found["metodika.append.seconds"] == {"registry"}


def test_nothing_that_is_told_names_anybody(watched: Watched) -> None:
    """§3: ни в одном следе, показателе и журнале нет имени, СНИЛС и даты рождения (S1 5.5)."""
    sent = b"".join(body for _, body in watched.told.raw)
    logs = b"".join(each.log.read_bytes() for each in watched.servers.values())

    assert b"StartEmployment" in sent
    assert logs.count(b"erasures kept") == len(AT_WORK)
    for word in PLANTED:
        for form in (word.encode(), word.encode("unicode_escape"), word.encode("utf-16-be")):
            assert form not in sent
            assert form not in logs


def test_what_was_not_yet_sent_is_sent_at_the_end(watched: Watched) -> None:
    """A process that is told to stop sends the rest, and is not long about it."""
    assert ("registry", "command", "") in watched.traced(LAST)
    assert watched.ended_in < 15


@pytest.mark.parametrize(
    ("name", "how"), [("mentoring", signal.SIGINT), ("monitoring", signal.SIGTERM)]
)
def test_who_is_told_to_stop_ends_by_itself(
    watched: Watched, name: str, how: signal.Signals
) -> None:
    """Ears, relay and ledger let go of Kafka, nobody has to kill it."""
    process = watched.servers[name].process
    process._signal(how)

    within(15, lambda: not process.alive(), "the end of the process")
