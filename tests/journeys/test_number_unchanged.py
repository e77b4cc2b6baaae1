"""Point 5: a number that is what it was is not sent again (contracts §5, ADR 0030)."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import httpx
import pytest
from fastapi import FastAPI

from metodika.services import answered_by
from shared.kernel.ids import GrantId, SessionId, Territory
from shared.runtime.access import Access, Tokens
from shared.runtime.grants import Grant
from shared.runtime.issuer import LocalIssuer
from shared.runtime.problems import answer_problems
from shared.runtime.release import made_by
from shared.runtime.web_numbers import Numbers
from tests.journeys import chapters as ch
from tests.journeys.telling import Telling

NOW = datetime(2022, 12, 31, 12, tzinfo=UTC)
ON = {"as_of": "2022-12-31", "scope": "25"}
FROM = {"from": "2022-01-31", "to": "2022-12-31", "scope": "25"}
ASKED = [
    ("/kpi", ON),
    ("/kpi/K-F1", ON),
    ("/kpi/K-F1/series", FROM),
    ("/kpi/K-F1/members", ON | {"side": "num"}),
    ("/kpi/K-F1/levels", ON),
    ("/kpi/K-F1/reasons", ON),
    (f"/kpi/K-F1/why/{ch.ANNA}", ON),
]

type Get = Callable[..., httpx.Response]


def door(told: Telling, release: str = "r1", now: datetime = NOW) -> Get:
    """Return what asks for a number as another system does, with an official's token."""
    issuer = LocalIssuer(told.world.settings.world)
    grant = Grant(GrantId(UUID(int=1)), "region", Territory("25"), date(2020, 8, 6), None)
    access = Access(Tokens([issuer.trusted()], lambda: now), lambda _: [grant], lambda: now)
    app = FastAPI()
    answer_problems(app)
    numbers = Numbers(told.world.answers, access, lambda: now, lambda: True, release)
    app.include_router(numbers.router())
    token = issuer.issue("official", now=now)

    def get(path: str, query: dict[str, str], seen: str | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        headers |= {"If-None-Match": seen} if seen else {}

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://test", headers=headers
            ) as client:
                return await client.get(path, params=query)

        return asyncio.run(ask())

    return get


@pytest.mark.parametrize(("path", "query"), ASKED)
def test_what_is_as_it_was_is_not_sent_again(
    read_only: Telling, path: str, query: dict[str, str]
) -> None:
    """§1.5: тот же вектор, тот же выпуск, тот же вопрос: 304 без тела."""
    get = door(read_only)
    first = get(path, query)
    tag = first.headers["etag"]
    again = [get(path, query, seen) for seen in (tag, f"W/{tag}", f'"x", {tag}', "*")]
    other = get(path, query, '"x"')

    assert first.status_code == 200
    assert {(e.status_code, e.content, e.headers["etag"]) for e in again} == {(304, b"", tag)}
    assert (other.status_code, other.content) == (200, first.content)


def test_the_vector_stands_in_the_tag(read_only: Telling) -> None:
    """contracts §5: вектор читается и в ETag."""
    said = door(read_only)("/kpi/K-F1", ON)
    vector = ",".join(f"{log}:{at}" for log, at in sorted(said.json()["vector"].items()))

    assert said.headers["etag"].startswith(f'"{vector};')


def test_a_new_fact_another_release_another_question_another_day_have_another_tag(
    told: Telling,
) -> None:
    """ADR 0030: прежний ответ не выдаётся за нынешний."""
    tag = door(told)("/kpi/K-F1", ON).headers["etag"]
    released = door(told, "r2")("/kpi/K-F1", ON, tag)
    asked = [
        door(told)("/kpi/K-F1", ON | {"scope": "25/05701"}, tag),
        door(told)("/kpi/K-F2b", ON, tag),
        door(told)("/kpi/K-F1/levels", ON, tag),
        door(told)("/kpi/K-F1/members", ON, tag),
        door(told)("/kpi/K-F1", ON | {"as_of": "2022-12-30"}, tag),
    ]
    today = door(told)("/kpi/K-F1", {"scope": "25"}).headers["etag"]
    tomorrow = door(told, now=datetime(2023, 1, 1, 12, tzinfo=UTC))
    next_day = tomorrow("/kpi/K-F1", {"scope": "25"}, today)
    session = SessionId(ch.uid("another session"))
    ch.diagnosed(told, ch.VERA, session, "10.06.2022", "70.00")
    said = door(told)("/kpi/K-F1", ON, tag)

    answers = [released, *asked, next_day, said]
    assert {each.status_code for each in answers} == {200}
    assert tag not in {each.headers["etag"] for each in answers}


def test_a_log_that_branched_has_another_tag(told: Telling, monkeypatch: Any) -> None:
    """contracts §2: прежние места в новой эпохе — другие факты."""
    tag = door(told)("/kpi/K-F1", ON).headers["etag"]
    ledger = told.world.ledger
    before = ledger.positions()
    branched = {source: (UUID(int=9), at) for source, (_, at) in before.items()}
    monkeypatch.setattr(ledger, "positions", lambda: branched)

    assert door(told)("/kpi/K-F1", ON, tag).status_code == 200


def test_who_may_not_see_is_refused_before(read_only: Telling) -> None:
    """ADR 0019: отметка не открывает чужого, и несуществующего не подтверждает."""
    get = door(read_only)

    assert get("/kpi/K-F1/members", ON | {"scope": "77"}, "*").status_code == 403
    assert get("/kpi/K-NO", ON, "*").status_code == 404
    assert get("/kpi/K-F1", {"as_of": "вчера"}, "*").status_code == 422


def test_a_release_is_known_by_its_code_and_its_sql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ADR 0030: выпуск — это и тексты показателей, и база, что их читает."""
    (tmp_path / "asking").mkdir()
    for name in ("__init__.py", "k_f1.sql"):
        (tmp_path / "asking" / name).write_text("SELECT 1" if name == "k_f1.sql" else "")
    monkeypatch.syspath_prepend(tmp_path)
    one = made_by("asking")
    (tmp_path / "asking" / "k_f1.sql").write_text("SELECT 2")
    made_by.cache_clear()

    assert made_by("asking") != one
    assert answered_by().endswith(duckdb.__version__)
