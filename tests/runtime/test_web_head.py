"""HEAD is answered as GET is, without the body (RFC 9110 9.3.2), at every door alike."""

import socket
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from time import monotonic

import pytest
import uvicorn
from fastapi import FastAPI

from shared.runtime.settings import Settings
from tests.runtime.webworld import PEOPLE, ROUTE, Client, World

NO_ROUTE = PEOPLE[77]
READ = (
    "/routes",
    f"/routes/{ROUTE}",
    f"/routes/{NO_ROUTE}",
    "/routes/x",
    "/routes?limit=0",
    "/routes?min_position=99",
    "/feed",
    "/feed?after=x",
    "/commands/draft-42",
    "/commands/nothing",
    "/health/live",
    "/health/ready",
    "/openapi.json",
    "/nowhere",
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    yield (made := World(tmp_path, Settings(world=tmp_path, read_wait_seconds=0)))
    made.close()


def without_token(world: World) -> Client:
    return Client(world.app, {})


@pytest.mark.parametrize("path", READ)
def test_it_says_of_everything_what_get_says(world: World, path: str) -> None:
    world.draft("r25")
    for client in (*map(world.as_, ("r25", "r77", "operator", "nobody")), without_token(world)):
        got, head = client.get(path), client.request("HEAD", path)
        assert (head.status_code, head.headers) == (got.status_code, got.headers)
        assert head.content == b""


def test_no_door_that_is_read_is_left_out(world: World) -> None:
    told = {path for path, can in world.app.openapi()["paths"].items() if "get" in can}
    asked = {path.partition("?")[0] for path in READ}
    named = {path.format(id=ROUTE, command_id="draft-42") for path in told}
    assert len(told) == 6
    assert named <= asked


def test_it_is_let_in_where_get_is(world: World) -> None:
    world.draft("r25")
    path = f"/routes/{ROUTE}"
    said = {who: world.as_(who).request("HEAD", path) for who in ("r25", "r77", "operator")}
    assert [each.status_code for each in said.values()] == [200, 404, 403]
    refused = without_token(world).request("HEAD", path)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer"


def test_it_tells_the_version_of_a_document(world: World) -> None:
    world.draft("r25")
    said = world.as_("r25").request("HEAD", f"/routes/{ROUTE}")
    assert (said.headers["etag"], said.content) == ('"1"', b"")


def test_it_does_not_wait_for_news(tmp_path: Path) -> None:
    world = World(tmp_path, Settings(world=tmp_path, feed_wait_seconds=20))
    started = monotonic()
    said = world.as_("r25").request("HEAD", "/feed", params={"wait": 20})
    assert said.status_code == 200
    assert said.headers["metodika-next"].endswith(".0")
    assert monotonic() - started < 5
    world.close()


def test_what_is_said_and_not_read_has_no_head(world: World) -> None:
    said = world.as_("r25").request("HEAD", f"/routes/{ROUTE}/draft")
    assert (said.status_code, said.headers["allow"]) == (405, "POST")
    assert world.store.head().position == 0


def test_it_doubles_nothing_in_the_description(world: World) -> None:
    document = world.app.openapi()
    assert all(len(operations) == 1 for operations in document["paths"].values())
    assert "HEAD" in document["info"]["description"]


# ── On the wire ─────────────────────────────────────────────────────────────


@contextmanager
def listening(app: FastAPI) -> Generator[tuple[str, int]]:
    door = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    thread = Thread(target=server.run, args=([door],))
    thread.start()
    try:
        yield door.getsockname()
    finally:
        server.should_exit = True
        thread.join()


def answer_of(at: tuple[str, int], path: str, authorization: str) -> bytes:
    lines = (
        f"HEAD {path} HTTP/1.1",
        "Host: test",
        f"Authorization: {authorization}",
        "Connection: close",
    )
    with socket.create_connection(at) as wire:
        wire.sendall("\r\n".join((*lines, "", "")).encode())
        return b"".join(iter(lambda: wire.recv(65536), b""))


@pytest.mark.parametrize("path", READ)
def test_after_the_head_nothing_comes(world: World, path: str) -> None:
    world.draft("r25")
    token = world.as_("r25").headers["Authorization"]
    with listening(world.app) as at:
        head, end, body = answer_of(at, path, token).partition(b"\r\n\r\n")
    got = world.as_("r25").get(path)
    assert head.startswith(f"HTTP/1.1 {got.status_code} ".encode())
    assert f"content-length: {len(got.content)}".encode() in head.lower()
    assert (end, body) == (b"\r\n\r\n", b"")
