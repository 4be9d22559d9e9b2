"""Talking to the child: write the document and read pictures at once, so that neither can make the other wait."""

from __future__ import annotations

import os
import selectors
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import IO, Final

from config.clock import Clock
from vault.content.preview_process import frames

_READ_BYTES: Final = 1 << 20
_MAX_PAGE_COUNT: Final = 1_000_000
_ENDING_SECONDS: Final = 2.0
"""For the child to be gone once its pipes are closed."""
Receive = Callable[[int, int, bytes], None]
"""Takes width, height and width x height x 3 bytes."""


@dataclass(slots=True, kw_only=True)
class Answer:
    """How the conversation ended."""

    page_count: int = 0
    end: int | None = None
    """A code of `frames.ENDS`; None when the child stopped without one or didn't keep to the form."""
    status: int = 0
    """Its exit status, minus the signal when it died of one."""
    out_of_time: bool = False


@dataclass(slots=True, kw_only=True)
class _Untrusted:
    """Cuts what the child writes into pictures; stops at the first word that isn't the form's."""

    receive: Receive
    max_pictures: int
    answer: Answer
    buffer: bytearray = field(default_factory=bytearray)
    size: tuple[int, int] | None = None
    pictures: int = 0

    def feed(self, data: bytes) -> bool:
        """More bytes; False when the conversation is over."""
        self.buffer += data
        while True:
            if self.size is None:
                if len(self.buffer) < frames.HEADER.size:
                    return True
                if not self._header(*frames.HEADER.unpack(self._cut(frames.HEADER.size))):
                    return False
            width, height = self.size or (0, 0)
            length = width * height * frames.BYTES_PER_PIXEL
            if len(self.buffer) < length:
                return True
            self.receive(width, height, self._cut(length))
            self.pictures, self.size = self.pictures + 1, None

    def _header(self, width: int, height: int, page_count: int) -> bool:
        self.answer.page_count = min(page_count, _MAX_PAGE_COUNT)
        if width == 0:
            self.answer.end = height if height in frames.ENDS else frames.END_BROKEN
            return False
        longest = frames.LONGEST_SIDE + frames.ROUNDING
        if width > longest or not 0 < height <= longest or self.pictures == self.max_pictures:
            return False
        self.size = width, height
        return True

    def _cut(self, length: int) -> bytes:
        part = bytes(self.buffer[:length])
        del self.buffer[:length]
        return part


def converse(
    command: list[str],
    chunks: Iterable[bytes],
    receive: Receive,
    *,
    clock: Clock,
    time_limit: timedelta,
    max_pictures: int,
) -> Answer:
    """Start the child, give it the chunks, hand each picture to `receive`; the child is gone afterwards.

    Raises only what `chunks` and `receive` raise, and OSError when no process can be started.
    """
    answer = Answer()
    child = subprocess.Popen(  # noqa: S603 - our own command, nothing of it from outside
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
    )
    reader = _Untrusted(receive=receive, max_pictures=max_pictures, answer=answer)
    try:
        deadline = clock.monotonic() + time_limit.total_seconds()
        answer.out_of_time = not _talk(child, chunks, reader, lambda: deadline - clock.monotonic())
        if answer.end is None and not answer.out_of_time:
            _wait(child)
    finally:
        child.kill()
        answer.status = child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()
    return answer


def _wait(child: subprocess.Popen[bytes]) -> None:
    """Its own exit status tells why it stopped, if it comes soon."""
    try:
        child.wait(_ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        return


def _talk(
    child: subprocess.Popen[bytes], chunks: Iterable[bytes], reader: _Untrusted, time_left: Callable[[], float]
) -> bool:
    """Until the child's last word; False when time ran out before."""
    if child.stdin is None or child.stdout is None:
        raise OSError("a child without pipes")
    source = iter(chunks)
    waiting = memoryview(b"")
    with selectors.DefaultSelector() as selector:
        for pipe, event in ((child.stdin, selectors.EVENT_WRITE), (child.stdout, selectors.EVENT_READ)):
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, event)
        while (left := time_left()) > 0:
            for key, _ in selector.select(left):
                if key.fileobj is child.stdin:
                    waiting = _write(selector, child.stdin, waiting, source)
                    continue
                data = os.read(child.stdout.fileno(), _READ_BYTES)
                if not data or not reader.feed(data):
                    return True
    return False


def _write(
    selector: selectors.BaseSelector, pipe: IO[bytes], waiting: memoryview, source: Iterable[bytes]
) -> memoryview:
    """As much of the next chunk as the pipe takes; what is left of it. The pipe is closed after the last."""
    if not waiting:
        chunk = next(iter(source), None)
        if chunk is None:
            return _close(selector, pipe)
        waiting = memoryview(chunk)
    try:
        return waiting[os.write(pipe.fileno(), waiting) :]
    except BlockingIOError:
        return waiting
    except BrokenPipeError:
        # It reads no further; what it says on its output still counts.
        return _close(selector, pipe)


def _close(selector: selectors.BaseSelector, pipe: IO[bytes]) -> memoryview:
    selector.unregister(pipe)
    pipe.close()
    return memoryview(b"")
