"""The same story on the cluster: commands over HTTP, facts over Kafka."""

import asyncio
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from psycopg import sql
from pymongo import MongoClient

from metodika.services import NAMES
from services.routes import domain as rou
from shared.runtime.answers import Answers
from tests.infra.servers import Kafka, Mongo, Postgres
from tests.journeys import chapters as ch
from tests.journeys.cluster import Cluster
from tests.journeys.running import ROOT, within
from tests.journeys.telling import Telling, day

ON = "2022-12-31"
SAME = ("kpi", "num", "den", "value", "status", "target", "due_on")


@pytest.fixture(scope="module")
def cluster(
    kafka: Kafka,
    postgres: Postgres,
    mongo: Mongo,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Cluster]:
    """Give five processes to which the whole story was told, one of them killed in it."""
    made = Cluster(tmp_path_factory.mktemp("cluster"), kafka, postgres, mongo)
    try:
        made.start()
        within(40, lambda: made.kpi("K-F1").get("kpi"), "monitoring knows who asks")
        made.set_targets()
        ch.places(made)
        ch.people(made)
        ch.listed_program(made)
        ch.supported(made)
        made.servers["routes"].process.kill9()
        unheard = ch.diagnosis(ch.ANNA, ch.SESSION, "01.02.2022", "52.00")
        made.tell("diagnostics", *unheard)
        made.servers["routes"].process.start()
        made.settle()
        ch.assigned(made)
        made.tell("routes", ch.enrolled(), ch.completed())
        made.settle()
        ch.literate(made)
        yield made
    finally:
        made.close()


def test_the_number_moves_on_the_cluster(cluster: Cluster) -> None:
    """§1.3: от диагностики до K-F1 через пять процессов (S0 V.1)."""
    before = cluster.kpi("K-F1", scope="25", as_of="2022-05-19")
    after = cluster.kpi("K-F1", scope="25", as_of="2022-05-20")

    assert (before["num"], before["den"]) == (0, 4)
    assert (after["num"], after["den"]) == (1, 4)


def test_a_route_is_drafted_though_its_service_was_killed(cluster: Cluster) -> None:
    """§1.3: услышано после перезапуска: маршрут составлен, и один раз (S1 3.2)."""
    said = [e.name for e in cluster.stores["routes"].streams([ch.ROUTE])[ch.ROUTE]]

    assert said == [
        "routes.RouteDrafted",
        "routes.RouteAgreed",
        "routes.RouteAssigned",
        "routes.TutorAppointed",
        "routes.RouteStarted",
        "routes.RouteItemCompleted",
        "routes.RouteCompleted",
    ]
    assert [each for store in cluster.stores.values() for each in store.parked()] == []


def test_both_worlds_give_the_same_numbers(cluster: Cluster, read_only: Telling) -> None:
    """§1.5: тот же рассказ на ноутбуке и на кластере: те же показатели (S0 V)."""
    answers = read_only.world.answers
    for scope in ("", "25", "77", "25/05701000"):
        for kpi in answers.definitions:
            here = embedded(answers, kpi, scope)
            there = cluster.kpi(kpi, scope=scope, as_of=ON)

            assert {k: there[k] for k in SAME} == here, (kpi, scope)


def embedded(answers: Answers, kpi: str, scope: str) -> dict[str, Any]:
    value = answers.value(kpi, scope, ch.END, answers.vector(None)[0])
    said = {name: getattr(value, name) for name in SAME}
    return said | {"due_on": value.due_on.isoformat() if value.due_on else None}


def test_members_and_levels_are_told_over_http(cluster: Cluster) -> None:
    """§1.5: кто учтён, кто нет и почему, на всех уровнях, по HTTP (S0 V)."""
    monitoring = cluster.servers["monitoring"]
    members = monitoring.get("/kpi/K-F1/members", scope="25", as_of=ON).json()["members"]
    levels = monitoring.get("/kpi/K-F1/levels", as_of=ON).json()["levels"]
    reasons = monitoring.get("/kpi/K-F1/reasons", scope="25", as_of=ON).json()["reasons"]
    series = monitoring.get("/kpi/K-F1/series", **{"from": "2021-01-31", "to": ON}).json()
    why = monitoring.get(f"/kpi/K-F1/why/{ch.ANNA}", scope="25", as_of=ON).json()["members"]
    elsewhere = monitoring.get(f"/kpi/K-F1/why/{ch.ANNA}", scope="77", as_of=ON).json()
    said = {each.event_id for store in cluster.stores.values() for each in store.walk()}

    assert why == [m for m in members if m["subject"] == str(ch.ANNA)]
    assert elsewhere["members"] == []
    assert (series[0]["num"], series[-1]["as_of"], series[-1]["num"]) == (0, ON, 1)
    assert [m["subject"] for m in members if m["num"]] == [str(ch.ANNA)]
    assert {r["why"]: r["members"] for r in reasons} == Counter(m["why"] for m in members)
    assert {e for m in members for e in m["evidence"]} <= {str(each) for each in said}
    assert {row["level"] for row in levels} == {
        "federation",
        "region",
        "municipality",
        "organisation",
    }


def test_the_documents_stand_behind_the_doors(cluster: Cluster) -> None:
    """§1.3: маршрут читают по HTTP: пройден, с тьютором (S1 4.9)."""
    routes = cluster.servers["routes"]
    route = within(
        20,
        lambda: (
            routes.get(f"/routes/{ch.ROUTE}").json().get("state") == "completed"
            and routes.get(f"/routes/{ch.ROUTE}").json()
        ),
        "the document of the route",
    )

    assert route["tutor_id"] == str(ch.GLEB)


NAMED = ("Вымыслова", "112-233-445", "11223344595", "1980-03-14", "14.03.1980")
"""What the registry was told of Anna."""


def test_no_topic_names_anybody(cluster: Cluster) -> None:
    """§1.7: ни в одном топике нет имени, СНИЛС и даты рождения (S1 5.5)."""
    said = asyncio.run(published(cluster))

    assert len(said) == sum(store.head().position for store in cluster.stores.values())
    assert any(b"registry.TeacherRegistered" in each for each in said)
    assert not any(word.encode() in each for each in said for word in NAMED)


async def published(cluster: Cluster) -> list[bytes]:
    """Return every fact of every topic as it is on the wire."""
    topics = [f"{cluster.prefix}.{name}.v1" for name in NAMES]
    partitions = [TopicPartition(each, 0) for each in topics]
    reader = AIOKafkaConsumer(bootstrap_servers=cluster.kafka.bootstrap)
    await reader.start()
    try:
        reader.assign(partitions)
        await reader.seek_to_beginning(*partitions)
        ends = await reader.end_offsets(partitions)
        found: list[bytes] = []
        for each in partitions:
            while await reader.position(each) < ends[each]:
                batch = await reader.getmany(each, timeout_ms=1000)
                found += [record.value or b"" for some in batch.values() for record in some]
    finally:
        await reader.stop()
    return [each for each in found if b"metodika.Heartbeat" not in each]


def test_no_database_names_anybody(cluster: Cluster) -> None:
    """§1.7: ни в PostgreSQL, ни в документах нет имени, СНИЛС, даты рождения (S1 5.5)."""
    rows = [row for url in (*cluster.urls.values(), cluster.keys) for row in rows_of(url)]
    with MongoClient[dict[str, Any]](cluster.mongo.url) as client:
        documents = [
            str(document)
            for name in NAMES
            for collection in client[f"{cluster.prefix}_{name}"].list_collection_names()
            for document in client[f"{cluster.prefix}_{name}"][collection].find()
        ]

    assert any(str(ch.ANNA) in each for each in documents)
    assert len(rows) > 100
    for word in NAMED:
        assert not any(word in each for each in documents)
        assert not any(word in row or word.encode().hex() in row for row in rows)


def rows_of(url: str) -> Iterator[str]:
    """Return every row of every table of a database as text; bytes are hexadecimal."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_schema NOT IN ('pg_catalog', 'information_schema') "
            "AND table_type = 'BASE TABLE'"
        ).fetchall()
        for table in tables:
            every = sql.SQL("SELECT t::text FROM {} AS t").format(sql.Identifier(*table))
            for (row,) in connection.execute(every):
                yield row


def test_killed_monitoring_answers_the_same_again(cluster: Cluster) -> None:
    """§1.8: убитая и запущенная вновь служба отвечает так же (contracts §5)."""
    before = [cluster.kpi(kpi, as_of=ON) for kpi in ("K-F1", "K-F2b", "K-F4")]
    server = cluster.servers["monitoring"]
    server.process.kill9()
    server.process.start()
    cluster.settle()

    assert [cluster.kpi(kpi, as_of=ON) for kpi in ("K-F1", "K-F2b", "K-F4")] == before


def test_an_annulled_completion_reaches_the_number(cluster: Cluster) -> None:
    """§1.3: аннулировано: с этого дня не считается (S1 2)."""
    annul = rou.AnnulCompletion(
        enrolment_id=ch.ENROLMENT,
        reason="документ выдан с нарушением",
        annulled_on=day("01.02.2023"),
    )
    cluster.tell("routes", annul)
    cluster.settle()

    assert cluster.kpi("K-F1", scope="25", as_of="2023-01-31")["num"] == 1
    assert cluster.kpi("K-F1", scope="25", as_of="2023-02-01")["num"] == 0


def test_the_ledger_is_rebuilt_from_kafka(cluster: Cluster) -> None:
    """§1.8: витрина построена заново из Kafka: та же, и сказано, что равна (contracts §5)."""
    cluster.servers["monitoring"].process.stop()
    clean = {k: v for k, v in os.environ.items() if not k.startswith("METODIKA_")}
    told = {f"METODIKA_{k.upper()}": v for k, v in cluster.settings("monitoring").items()}
    done = subprocess.run(
        [sys.executable, "-m", "metodika", "replay", "--from", "kafka", "--as-of", ON],
        env=clean
        | told
        | {
            "METODIKA_SERVICE": "monitoring",
            "METODIKA_WORLD": str(cluster.folder / "monitoring"),
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    cluster.servers["monitoring"].process.start()

    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "EQUAL" in done.stdout
    assert "NOT EQUAL" not in done.stdout
