"""What an operation asks of the database and of the object store, counted and not estimated.

The same application is built once more in this process, on the installation's own database and store, and answers the
same visitor without a socket in between: whatever connection is then opened here is the application's.
"""

from __future__ import annotations

import http.client
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import requests
from flask import Flask
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from sqlalchemy import event
from urllib3 import HTTPResponse
from werkzeug.test import Client, EnvironBuilder

from citizen_account.app import create_app
from citizen_account.cli import installation
from citizen_account.wiring import build
from config.database import Database


@dataclass
class Counts:
    """Of one operation."""

    snapshots: int = 0
    """Transactions that only read."""
    commits: int = 0
    """Transactions that write: on SQLite with synchronous FULL each waits for the disk."""
    queries: int = 0
    round_trips: int = 0
    """Requests to the object store."""
    statements: list[str] = field(default_factory=list, repr=False)

    def cells(self) -> str:
        """For the table."""
        return f"{self.commits} + {self.snapshots} | {self.queries} | {self.round_trips}"


class Counter:
    """The installation's application in this process, under a counter."""

    def __init__(self, folder: Path) -> None:
        """folder: the data of an installation that runs."""
        with mock.patch.dict(os.environ, {"CITIZEN_ACCOUNT_DATA_DIR": str(folder)}):
            self._house = build(installation.settings())
        self._app = create_app(self._house)
        self._url = self._house.settings.public_url

    def count(self, call: Callable[[], object], browser: requests.Session) -> Counts:
        """What `call` costs, which speaks to the installation by `browser` only. It is run once before, unseen."""
        before = dict(browser.adapters)
        browser.mount(self._url, _InProcess(self._app))
        try:
            call()
            with _counting(self._house.database) as counts:
                call()
            return counts
        finally:
            browser.adapters.clear()
            browser.adapters.update(before)


@contextmanager
def _counting(database: Database) -> Iterator[Counts]:
    counts, engine = Counts(), database.engine
    writing: set[int] = set()

    def executed(connection: Any, _cursor: object, statement: str, *_: object) -> None:
        counts.queries += 1
        counts.statements.append(statement)
        if not statement.lstrip().startswith("SELECT"):
            writing.add(id(connection))

    def committed(connection: Any) -> None:
        if id(connection) in writing:
            writing.discard(id(connection))
            counts.commits += 1
        else:
            counts.snapshots += 1

    def asked(connection: http.client.HTTPConnection, *args: Any, **named: Any) -> None:
        counts.round_trips += 1
        sent(connection, *args, **named)

    sent = http.client.HTTPConnection.putrequest
    listeners = (("before_cursor_execute", executed), ("commit", committed))
    for name, listener in listeners:
        event.listen(engine, name, listener)
    try:
        with mock.patch.object(http.client.HTTPConnection, "putrequest", asked):
            yield counts
    finally:
        for name, listener in listeners:
            event.remove(engine, name, listener)


class _InProcess(BaseAdapter):
    """Hands the requests of a `requests.Session` to a WSGI application."""

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self._client = Client(app, use_cookies=False)

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """See `requests.adapters.HTTPAdapter.send`."""
        parts = urlsplit(str(request.url))
        body = request.body or b""
        assert isinstance(body, str | bytes), "the visitor streams nothing"
        built = EnvironBuilder(
            path=parts.path,
            query_string=parts.query,
            base_url=f"{parts.scheme}://{parts.netloc}",
            method=request.method or "GET",
            headers=[(str(name), str(value)) for name, value in request.headers.items()],
            input_stream=io.BytesIO(body.encode() if isinstance(body, str) else body),
        )
        answer = self._client.open(built)
        message = Message()
        for name, value in answer.headers.items():
            message.add_header(name, value)
        raw = HTTPResponse(
            body=io.BytesIO(answer.get_data()),
            status=answer.status_code,
            preload_content=False,
            # Where requests looks for cookies, and nothing else.
            original_response=SimpleNamespace(msg=message, isclosed=lambda: True),  # type: ignore[arg-type]
        )
        response = requests.Response()
        response.request = request
        response.status_code, response.url, response.raw = answer.status_code, str(request.url), raw
        response.headers = CaseInsensitiveDict(answer.headers.items())
        return response

    def close(self) -> None:
        """Nothing is open."""
