"""Whoever sends bodies slowly or holds them back holds up nobody else."""

from __future__ import annotations

import json
import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPResponse

import pytest

from tests.installation import RunningHouse, running

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
FROM_ONE, ALTOGETHER = 16, 48
"""What the settings say where nobody says otherwise."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with running(tmp_path_factory.mktemp("slow") / "data") as made:
        yield made


def silent(house: RunningHouse, path: str, address: str) -> socket.socket:
    """A connection that promised a body, sent a byte of it, and says nothing more."""
    made = socket.create_connection(("127.0.0.1", house.port), timeout=20, source_address=(address, 0))
    head = f"POST {path} HTTP/1.1\r\nHost: localhost:{house.port}\r\nContent-Type: {FORM['Content-Type']}\r\n"
    made.sendall(f"{head}Content-Length: 1000\r\n\r\nx".encode())
    return made


def ask(house: RunningHouse, method: str, path: str, address: str, body: str = "") -> HTTPResponse:
    connection = HTTPConnection("127.0.0.1", house.port, timeout=20, source_address=(address, 0))
    connection.request(method, path, body or None, {"Host": f"localhost:{house.port}", **FORM})
    return connection.getresponse()


def one_too_many(house: RunningHouse, path: str, address: str, count: int, held: ExitStack) -> HTTPResponse:
    """Hold so many bodies back; the answer to the one that is refused, at once, though its body never comes."""
    sockets = [held.enter_context(silent(house, path, address)) for _ in range(count)]
    (refused,) = select.select(sockets, [], [], 20)[0]
    answer = HTTPResponse(refused)
    answer.begin()
    assert (answer.status, answer.headers["Retry-After"]) == (503, "30")
    return answer


def test_bodies_that_never_come_hold_up_nobody_else(house: RunningHouse) -> None:
    with ExitStack() as held:
        answer = one_too_many(house, "/token", "127.0.0.2", FROM_ONE + 1, held)
        assert json.load(answer)["code"] == "crowded"
        assert "beaucoup de monde" in one_too_many(house, "/sign-in", "127.0.0.2", 1, held).read().decode()
        assert ask(house, "POST", "/token", "127.0.0.3", "grant_type=x").status == 401
        one_too_many(house, "/authorize", "127.0.0.3", FROM_ONE + 1, held)
        one_too_many(house, "/par", "127.0.0.4", FROM_ONE + 1, held)
        assert FROM_ONE * 3 == ALTOGETHER
        one_too_many(house, "/token", "127.0.0.5", 1, held)
        # Pages and papers need no body: they are there as ever.
        assert ask(house, "GET", "/sign-in", "127.0.0.2").status == 200
    # They went: their places are free again.
    while (answer := ask(house, "POST", "/token", "127.0.0.2", "grant_type=x")).status == 503:
        answer.read()
    assert answer.status == 401
