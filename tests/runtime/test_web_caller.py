"""Who asks, by his token, and what his role and territory let him (contracts §7)."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.runtime.issuer import LocalIssuer
from tests.runtime.webworld import NOW, PEOPLE, PROBLEM, ROUTE, Client, World

RUSSIAN = re.compile(r"[А-ЯЁ][^A-Za-z]+")


@pytest.mark.parametrize(
    ("who", "region", "status"),
    [
        ("federal", 25, 200),
        ("federal", 77, 200),
        ("r25", 25, 200),
        ("r25", 77, 403),
        ("o77", 77, 200),
        ("o77", 25, 403),
        (str(PEOPLE[25]), 25, 200),
        (str(PEOPLE[25]), 77, 403),
        (str(PEOPLE[77]), 77, 403),
        ("auditor", 25, 403),
        ("operator", 25, 403),
        ("nobody", 25, 403),
    ],
)
def test_role_and_territory(world: World, who: str, region: int, status: int) -> None:
    said = world.draft(who, region=region)
    assert said.status_code == status, said.text
    assert world.store.head().position == (status == 200)


@pytest.mark.parametrize(("region", "status"), [(25, 200), (77, 403)])
def test_one_speaks_of_oneself_alone(world: World, region: int, status: int) -> None:
    world.draft("federal", region=region)
    said = world.as_(str(PEOPLE[25])).post(
        f"/routes/{ROUTE}/cancel",
        json={"reason": "передумал", "cancelled_on": "2026-02-02"},
        headers={"Idempotency-Key": "c"},
    )
    assert said.status_code == status
    mine = world.draft(str(PEOPLE[25]), key="mine")
    assert mine.status_code == (409 if region == 25 else 403)


def test_without_a_token_nobody_is_let_in(world: World) -> None:
    client = world.as_("r25")
    client.headers["Authorization"] = "Bearer nonsense"
    for path in ("/routes", f"/routes/{ROUTE}", "/feed", "/commands/x"):
        said = client.get(path)
        assert said.status_code == 401
        assert said.headers["www-authenticate"].startswith("Bearer")
        assert said.headers["content-type"] == PROBLEM


@pytest.mark.parametrize(
    ("wrong", "detail"),
    [
        ({"now": NOW - timedelta(days=1)}, "Срок токена истёк"),
        ({"nbf": int(NOW.timestamp()) + 600}, "Срок токена ещё не наступил"),
        ({"exp": "soon"}, "Срок токена (exp) — не число секунд"),
        ({"aud": "x"}, "Токен выдан не для этой службы"),
        ({"aud": None}, "Токен выдан не для этой службы"),
        ({"iss": "https://id"}, "Токен выдан тем, кому служба не доверяет"),
        ({"sub": "Иванов"}, "Токен не говорит, кто обращается"),
        ({"name": "a" * 9000}, "Токен слишком длинный"),
    ],
)
def test_why_a_token_is_refused_is_said_in_russian(
    world: World, wrong: dict[str, Any], detail: str
) -> None:
    said: dict[str, Any] = {"sub": "r25", "now": NOW} | wrong
    token = world.issuer.issue(**said)
    refused = Client(world.app, {"Authorization": f"Bearer {token}"}).get("/routes")
    assert refused.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert refused.json() == {
        "type": "urn:metodika:problem:unknown-caller",
        "title": "Нужен действительный токен доступа",
        "status": 401,
        "detail": detail,
    }


def test_a_token_of_another_and_no_token_at_all(world: World, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    forged = LocalIssuer(tmp_path / "other").issue("r25", now=NOW)
    for token in (forged, "nonsense", "e30.e30.", f"{forged[:-4]}AAAA"):
        said = Client(world.app, {"Authorization": f"Bearer {token}"}).get("/routes").json()
        assert RUSSIAN.fullmatch(said["detail"]), said
    assert "detail" not in Client(world.app, {}).get("/routes").json()
