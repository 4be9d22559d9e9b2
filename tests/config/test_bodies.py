"""The pace of a body, by a clock of the test's own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from config.bodies import BYTES_PER_SECOND, Bodies, Crowded, SlowBody
from config.settings import Bodies as Settings


class Line:
    """A telephone line: each piece takes as long as it takes."""

    def __init__(self, pieces: int, size: int, seconds: float) -> None:
        self.now = 0.0
        self.pieces, self.size, self.seconds = pieces, size, seconds

    def read(self, size: int) -> bytes:
        assert size <= 65_536
        self.now += self.seconds
        return b"x" * self.size

    @property
    def length(self) -> int:
        return self.pieces * self.size


def take(line: Line, **settings: Any) -> list[bytes]:
    """Let an application read everything."""
    read: list[bytes] = []

    def application(environ: dict[str, Any], _start_response: object) -> list[bytes]:
        while piece := environ["wsgi.input"].read(65_536):
            read.append(piece)
        return []

    bodies = Bodies(application, Settings(**settings), lambda: line.now)
    environ = {"CONTENT_LENGTH": str(line.length), "wsgi.input": line, "REMOTE_ADDR": "192.0.2.1"}
    bodies(environ, lambda *_: None)  # type: ignore[arg-type]
    return read


def test_a_slow_telephone_may_take_its_time() -> None:
    # A minute for what a fast line sends at once: 2.4 KB a second.
    assert len(take(Line(pieces=60, size=2_400, seconds=1))) == 60


def test_a_byte_at_a_time_ends_with_the_grace() -> None:
    line = Line(pieces=100_000, size=1, seconds=1)
    with pytest.raises(SlowBody):
        take(line, grace=timedelta(seconds=10))
    assert 10 <= line.now <= 12


def test_what_keeps_no_pace_ends_once_it_falls_behind() -> None:
    line = Line(pieces=1_000, size=BYTES_PER_SECOND // 2, seconds=1)
    with pytest.raises(SlowBody):
        take(line, grace=timedelta(seconds=10))
    assert 20 <= line.now <= 22


def test_bodies_of_one_address_are_counted_until_they_have_come() -> None:
    bodies = Bodies(lambda *_: [], Settings(from_one_address=2, at_once=3))
    for _ in range(2):
        bodies.enter("a")
    with pytest.raises(Crowded):
        bodies.enter("a")
    bodies.enter("b")
    with pytest.raises(Crowded):
        bodies.enter("c")  # too many altogether
    bodies.leave("b")
    bodies.enter("c")
