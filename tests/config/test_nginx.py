"""The site that we ship, in nginx itself: what people see when no node answers, and that papers touch no disk there."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from http.client import HTTPSConnection
from pathlib import Path

import pytest

from config import ports
from tests import nginx
from tests.certificates import Authority

HALF = b"x" * 100_000
"""More than nginx keeps in memory of a body that it holds back."""


@pytest.fixture
def backend() -> Iterator[socket.socket]:
    """A node that listens; the test answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        yield server


@pytest.fixture
def people(backend: socket.socket, tmp_path: Path) -> Iterator[HTTPSConnection]:
    """A connection as a browser has it."""
    authority = Authority(tmp_path)
    listening, other = ports.free(2)
    with nginx.in_front_of(backend.getsockname()[1], tmp_path, authority, (listening, other)):
        context = ssl.create_default_context(cafile=str(authority.file))
        connection = HTTPSConnection("127.0.0.1", listening, context=context, timeout=20)
        yield connection
        connection.close()


def test_when_no_node_answers_people_are_told_so(backend: socket.socket, people: HTTPSConnection) -> None:
    backend.close()
    people.request("GET", "/papers")
    answer = people.getresponse()
    assert answer.status == 502
    assert answer.read() == (nginx.DEPLOY / "unavailable.html").read_bytes()


def test_a_file_that_is_too_large_for_any_paper_ends_there(people: HTTPSConnection) -> None:
    people.putrequest("POST", "/papers/add")
    people.putheader("Content-Length", str(52 * 1024 * 1024))
    people.endheaders()
    assert people.getresponse().status == 413


def test_a_paper_is_passed_on_while_it_comes(backend: socket.socket, people: HTTPSConnection, tmp_path: Path) -> None:
    sent = threading.Event()

    def send() -> None:
        people.putrequest("POST", "/papers/add")
        people.putheader("Content-Length", str(2 * len(HALF)))
        people.endheaders(HALF)
        sent.wait(20)
        people.send(HALF)

    browser = threading.Thread(target=send)
    browser.start()
    node, _ = backend.accept()
    with node, node.makefile("rb") as received:
        headers = b"".join(iter(received.readline, b"\r\n"))
        assert b"X-Forwarded-Proto: https" in headers
        assert received.read(len(HALF)) == HALF  # the browser still holds the second half back
        assert not any((tmp_path / "client_body").rglob("*"))
        sent.set()
        assert received.read(len(HALF)) == HALF
        node.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        assert people.getresponse().status == 204
    browser.join()
