"""Reads of the object store: presigned GETs over kept connections, awaited at once or asked for ahead."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import urllib3

from config.errors import ObjectMissing, ObjectStoreError
from config.presigned import Presigner

READ_BYTES = 512 * 1024
"""How much of a body is read at once: whole segments of the stream format, so that none is put together of two.

Each piece wakes the web server's other thread and the network once; larger ones fall out of the processor's cache.
"""
_AT_ONCE = 16
"""Reads that are asked for ahead; more wait their turn."""
_Answer = urllib3.BaseHTTPResponse


class Reads:
    """GETs of one S3 service."""

    def __init__(self, endpoint_url: str, presigner: Presigner) -> None:
        """presigner: of that endpoint."""
        self._presigner = presigner
        self._pool = urllib3.connection_from_url(
            endpoint_url,
            maxsize=32,
            timeout=urllib3.Timeout(connect=3, read=20),
            retries=urllib3.Retry(total=3, backoff_factor=0.1, status_forcelist={500, 502, 503}, raise_on_status=False),
        )
        self._ahead = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="object-reads")

    def whole(self, bucket: str, name: str) -> tuple[bytes, str]:
        """A small object and its ETag. Raises `ObjectMissing` or `ObjectStoreError`."""
        answer = self._request(bucket, name, {})
        return answer.read(), answer.headers.get("ETag", "")

    def pieces(self, bucket: str, name: str, first: int, last: int | None) -> Iterator[bytes]:
        """The bytes from `first` to `last` (both included; None: to the end); the request is made here.

        Raises `ObjectMissing` or `ObjectStoreError`; the latter also in the middle, when the connection is cut.
        """
        return _pieces(self._request(bucket, name, _range(first, last)))

    def ask(self, bucket: str, name: str, first: int, last: int | None) -> Asked:
        """Ask for the same in another thread, and wait for nothing."""
        return Asked(self._ahead.submit(self._request, bucket, name, _range(first, last)))

    def _request(self, bucket: str, name: str, headers: dict[str, str]) -> _Answer:
        target = self._presigner.get(bucket, name)
        try:
            answer = self._pool.urlopen("GET", target, headers=headers, preload_content=False, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            raise ObjectStoreError(str(type(error).__name__)) from error
        if answer.status in {200, 206}:
            return answer
        answer.drain_conn()
        answer.release_conn()
        if answer.status == 404:  # noqa: PLR2004 -- not found
            raise ObjectMissing(name)
        message = f"GET answered {answer.status}"
        raise ObjectStoreError(message)


class Asked:
    """A read whose answer is on its way. Take its pieces or drop it."""

    def __init__(self, answer: Future[_Answer]) -> None:
        """answer: of the request."""
        self._answer = answer

    def pieces(self) -> Iterator[bytes]:
        """Wait for the answer; then as `Reads.pieces`, which says what is raised."""
        return _pieces(self._answer.result())

    def drop(self) -> None:
        """It isn't wanted any more."""
        if not self._answer.cancel():
            self._answer.add_done_callback(_closed)


def _closed(answer: Future[_Answer]) -> None:
    if not answer.exception():
        answer.result().close()


def _range(first: int, last: int | None) -> dict[str, str]:
    return {"Range": f"bytes={first}-{'' if last is None else last}"} if first > 0 or last is not None else {}


def _pieces(answer: _Answer) -> Iterator[bytes]:
    try:
        yield from answer.stream(READ_BYTES, decode_content=False)
    except urllib3.exceptions.HTTPError as error:
        raise ObjectStoreError(str(type(error).__name__)) from error
    finally:
        # Read to its end, the connection is back in the pool already; else it can't be used again.
        answer.close()
