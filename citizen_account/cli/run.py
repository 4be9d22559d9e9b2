"""`run`: everything on this machine, by one command. It starts, watches and ends the others, and does nothing else.

Order of start: store, set-up (database, keys, first clients), web, worker, example; of stop: the reverse.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from citizen_account.cli.children import Gate, die_with_parent, start_python, stop_with_parent
from citizen_account.cli.supervision import Child, Supervision
from config import ports, seaweedfs
from config.clock import SystemClock
from config.errors import ConfigurationError
from config.identifiers import SystemRandomness
from config.settings import Settings, load_settings

LEAST_FREE_BYTES = 300_000_000
"""Below this the store refuses writes, so don't begin."""
PATIENCE = 10.0
"""Seconds a child may take to end."""
START_PATIENCE = 60.0
"""Seconds a child may take to start; two on a quiet machine."""
STEPS = 6
STORE = "object store"
POLL = 0.05
"""Seconds between two looks at a child that starts."""


@click.command()
@click.option("--port", default=8000, show_default=True, help="Port of the pages, on loopback.")
@click.option("--example-port", default=8001, show_default=True, help="Port of the example e-service.")
@click.option("--demo", is_flag=True, help="Fill it with a small town first.")
@click.option("--stop-with-parent", "bound", is_flag=True, hidden=True)
def command(port: int, example_port: int, demo: bool, bound: bool) -> None:
    """Set up everything and serve it on this machine, for trying and developing."""
    if bound:
        stop_with_parent()
    settings = load_settings()
    folder = settings.data_dir.resolve()
    _make_room(folder)
    with _only_one(folder):
        _check_ports(port, example_port)
        Installation(settings, folder, port, example_port).serve(demo=demo)


def _make_room(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "logs").mkdir(exist_ok=True)
    except PermissionError:
        raise  # whose it is, is said by config.breakdowns
    except OSError as error:
        message = f"The data folder {folder} can't be made ({error.strerror}). Choose another: CITIZEN_ACCOUNT_DATA_DIR"
        raise ConfigurationError(message) from error
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        message = (
            f"The disk is nearly full: {free // 1_000_000} MB are free in {folder}, "
            f"{LEAST_FREE_BYTES // 1_000_000} MB are needed. Make room, then start again."
        )
        raise ConfigurationError(message)


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    with (folder / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            message = f"It is running already with the data in {folder}. Stop that one first (Ctrl-C there)."
            raise ConfigurationError(message) from None
        yield


def _check_ports(*wanted: int) -> None:
    for port in wanted:
        if not ports.is_free(port):
            message = f"Port {port} is in use. Stop what uses it, or choose another: make run PORT={port + 10}"
            raise ConfigurationError(message)


class Installation:
    """The processes of one `run`, and what they are told."""

    def __init__(self, settings: Settings, folder: Path, port: int, example_port: int) -> None:
        """folder: where data, keys and logs are kept; it exists. The ports are free."""
        self.settings = settings
        self.folder = folder
        self.port = port
        self.example_port = example_port
        self.logs = folder / "logs"
        self.stopped = threading.Event()
        self.supervision = Supervision(SystemClock(), self.stopped, PATIENCE)
        self.environment = self._environment()

    def serve(self, *, demo: bool) -> None:
        """Start everything, wait for Ctrl-C (or SIGTERM), stop everything.

        Raises `ConfigurationError` when something does not start or keeps ending; nothing is left running then.
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.stopped.set())
        try:
            self._start(demo=demo)
            self.supervision.watch()
        finally:
            self.supervision.stop()
        click.echo("Stopped.")

    def _start(self, *, demo: bool) -> None:
        # What takes longest is loading our own programs: they start at once and wait where they need what comes before.
        store_answers, is_set_up = Gate(), Gate()
        store = self._start_store()
        self._keep_for_other_commands()
        preparing = self._start_preparing(store_answers, demo=demo)
        web = self._start_python("web server", "citizen_account", "web", "--port", str(self.port), gate=is_set_up)
        if store is not None:
            self._wait(*store)
        store_answers.open()
        _say(2, "Database, keys and first accounts")
        said = _said_by(preparing)
        _say(3, f"Web server on http://localhost:{self.port}")
        is_set_up.open()
        self._wait(web, lambda: ports.serves(self.port, "/health"))
        _say(4, "Worker")
        self._start_python("worker", "citizen_account", "worker")
        _say(5, f"Example e-service on http://127.0.0.1:{self.example_port}")
        example = self._start_python("example e-service", "examples.school_enrolment", str(self.example_port))
        self._wait(example, lambda: ports.answers(self.example_port))
        _say(6, "Ready")
        click.echo(_READY.format(port=self.port, example_port=self.example_port, folder=self.folder, said=said))

    def _start_store(self) -> tuple[Child, Callable[[], bool]] | None:
        """The embedded store and what tells whether it answers; None where the city brings its own."""
        if self.settings.s3.endpoint_url:
            _say(1, f"Object store: yours, at {self.settings.s3.endpoint_url}")
            return None
        _say(1, "Object store: SeaweedFS, on loopback")
        store = self._embedded_store(None)
        child = self.supervision.start(
            STORE, lambda: self._embedded_store(store.servers).process, self._log(STORE), process=store.process
        )
        self.environment |= {
            "CITIZEN_ACCOUNT_S3_ENDPOINT_URL": store.endpoint_url,
            "CITIZEN_ACCOUNT_S3_ACCESS_KEY_ID": store.credentials.access_key_id,
            "CITIZEN_ACCOUNT_S3_SECRET_ACCESS_KEY": store.credentials.secret_access_key,
        }
        return child, store.answers

    def _embedded_store(self, servers: Mapping[str, int] | None) -> seaweedfs.EmbeddedStore:
        return seaweedfs.start(
            self.folder / "object-store",
            SystemRandomness(),
            log=self._log(STORE),
            before_exec=die_with_parent(),
            servers=servers,
        )

    def _start_python(self, name: str, *arguments: str, gate: Gate | None = None) -> Child:
        def start(gate: Gate | None = None) -> subprocess.Popen[bytes]:
            return start_python(["-m", *arguments], self.environment, self._log(name), gate=gate)

        return self.supervision.start(name, start, self._log(name), process=start(gate))

    def _start_preparing(self, gate: Gate, *, demo: bool) -> subprocess.Popen[str]:
        arguments = [sys.executable, "-m", "citizen_account", "prepare", "--gate", str(gate.reader)]
        return subprocess.Popen(  # noqa: S603 -- our own program
            [*arguments, *(["--demo"] if demo else [])],
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=die_with_parent(),  # noqa: PLW1509 -- `run` has no threads
            pass_fds=(gate.reader,),
        )

    def _environment(self) -> dict[str, str]:
        url = f"http://localhost:{self.port}"
        made = {
            "CITIZEN_ACCOUNT_DATA_DIR": str(self.folder),
            "CITIZEN_ACCOUNT_PUBLIC_URL": url,
            "CITY_ISSUER": url,
            "SCHOOL_URL": f"http://127.0.0.1:{self.example_port}",
            "SCHOOL_CREDENTIALS": str(self.folder / "school-enrolment.json"),
            "PYTHONUNBUFFERED": "1",
        }
        if not self.settings.mail.smtp_url:
            made["CITIZEN_ACCOUNT_MAIL__LOCAL_MAILBOX"] = "true"
        return made

    def _keep_for_other_commands(self) -> None:
        """Write what was chosen where `installation.settings` finds it: commands in another shell then work."""
        path = self.folder / "embedded.env"
        chosen = {name: value for name, value in self.environment.items() if name.startswith("CITIZEN_ACCOUNT_")}
        made = path.with_suffix(".new")
        made.unlink(missing_ok=True)
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.writelines(f"{name}={value}\n" for name, value in chosen.items())
        made.replace(path)

    def _log(self, name: str) -> Path:
        return self.logs / f"{name.replace(' ', '-')}.log"

    def _wait(self, child: Child, ready: Callable[[], bool]) -> None:
        for _ in range(int(START_PATIENCE / POLL)):
            if self.stopped.is_set():
                raise SystemExit(0)
            if child.process.poll() is not None:
                break
            if ready():
                return
            self.stopped.wait(POLL)
        message = f"The {child.name} did not start. {child.last_words()}"
        raise ConfigurationError(message)


_READY = """
  Pages             http://localhost:{port}
  Mails             http://localhost:{port}/local-mailbox   (every mail lands here, nothing leaves this machine)
  Example service   http://127.0.0.1:{example_port}
  Data and logs     {folder}
{said}
  Make an account on the first page; confirm it with the mail. Ctrl-C stops everything.
"""


def _said_by(preparing: subprocess.Popen[str]) -> str:
    """Wait for the set-up; what it says to the person who started us. Raises `ConfigurationError` when it fails."""
    said, _ = preparing.communicate()
    if preparing.returncode:
        message = "The set-up stopped; the line above says why."
        raise ConfigurationError(message)
    return said


def _say(step: int, text: str) -> None:
    click.echo(f"[{step}/{STEPS}] {text}")
