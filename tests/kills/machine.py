"""One machine of a city: store, web and worker on one folder, each killed and started again at will.

The web server and the worker are started by their own commands, as units do it, so that one of them can die alone. To
them nothing on the machine but that folder can be written: no temporary folder, no shared memory, not where they stand.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from citizen_account import wiring
from citizen_account.cli.children import die_with_parent
from config import ports, seaweedfs
from config.clock import SystemClock
from config.errors import ObjectStoreError
from config.identifiers import SystemRandomness
from config.settings import S3, Settings, load_settings
from tests.installation import ROOT, descendants, environment

PATIENCE = 60.0
"""Seconds that anything may take; what ends earlier is noticed at once."""
LOOK = 0.02
"""Seconds between two looks at a condition that no handle tells of."""
SEALED = """
set -eu
data=$1
shift
mount --bind "$data" "$data"
for folder in / /tmp /var/tmp /dev/shm; do
  mount --rbind "$folder" "$folder"
  mount -o remount,bind,ro,nosuid,nodev "$folder" || mount -o remount,bind,ro,nosuid,nodev,noexec "$folder"
done
cd /proc
exec "$@"
"""
"""A mount namespace of its own: the data folder is a mount of its own below those that become read-only."""
STORE, WEB, WORKER = "store", "web", "worker"


class Machine:
    """The processes, and the house as this test sees it: on the same database, keys and store."""

    def __init__(self, folder: Path) -> None:
        """folder: of the installation; made here."""
        self.folder = folder
        (folder / "logs").mkdir(parents=True)
        (self.port,) = ports.free(1)
        self.url = f"http://localhost:{self.port}"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.servers: Mapping[str, int] | None = None
        self.start_store()
        self.environment = environment(
            folder,
            CITIZEN_ACCOUNT_PUBLIC_URL=self.url,
            CITIZEN_ACCOUNT_MAIL__LOCAL_MAILBOX="true",
            CITIZEN_ACCOUNT_LOGS__STRICT="true",
            CITIZEN_ACCOUNT_LOGS__FORBIDDEN_WORDS='["canari", "canary"]',
            CITIZEN_ACCOUNT_S3_ENDPOINT_URL=self.s3.endpoint_url,
            CITIZEN_ACCOUNT_S3_ACCESS_KEY_ID=self.s3.access_key_id,
            CITIZEN_ACCOUNT_S3_SECRET_ACCESS_KEY=self.s3.secret_access_key.get_secret_value(),
        )
        self.command("prepare")
        self.house = wiring.build(self.settings, clock=SystemClock())

    @property
    def settings(self) -> Settings:
        """What the commands read from their environment."""
        return load_settings(
            data_dir=self.folder,
            public_url=self.url,
            mail={"local_mailbox": True},
            s3=self.s3.model_dump(),
        )

    def command(self, *arguments: str) -> str:
        """Run `citizen-account` and return what it said; it must succeed."""
        done = subprocess.run(
            [sys.executable, "-m", "citizen_account", *arguments],
            check=False,
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start_store(self) -> None:
        """Start the store, again in the same place after the first time; it serves when this returns."""
        started = seaweedfs.start(
            self.folder / "object-store",
            SystemRandomness(),
            log=self._log(STORE),
            before_exec=die_with_parent(),
            servers=self.servers,
        )
        self.servers = started.servers
        self.processes[STORE] = started.process
        self.s3 = S3(
            endpoint_url=started.endpoint_url,
            access_key_id=started.credentials.access_key_id,
            secret_access_key=SecretStr(started.credentials.secret_access_key),
        )
        self.wait(STORE, started.answers)

    def store_serves(self) -> bool:
        """Whether an object can be written, read and removed: after a start it takes connections before that."""
        store, name = self.house.stores["papers"], "probe"
        try:
            store.overwrite(name, b"probe")
            store.get(name)
            store.delete(name)
        except ObjectStoreError:
            return False
        return True

    def start_web(self) -> None:
        """Start the web server; it serves when this returns."""
        self._start(WEB, "web", "--port", str(self.port))
        self.wait(WEB, lambda: ports.serves(self.port, "/health"))

    def start_worker(self) -> None:
        """Start the worker; it may still be on its way when this returns."""
        self._start(WORKER, "worker")

    def _start(self, name: str, *arguments: str) -> None:
        sealed = ["unshare", *([] if os.geteuid() == 0 else ["--user", "--map-current-user", "--keep-caps"]), "--mount"]
        with self._log(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [*sealed, "sh", "-c", SEALED, "sealed", str(self.folder),
                 sys.executable, "-m", "citizen_account", *arguments],
                env={**self.environment, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(),  # noqa: PLW1509 -- one system call, made ready before the fork
                start_new_session=True,
            )  # fmt: skip

    def pids(self, name: str) -> list[int]:
        """The process of that name and everything below it."""
        pid = self.processes[name].pid
        return [pid, *descendants(pid)]

    def kill(self, name: str) -> None:
        """kill -9 of the process and what it started; they are gone when this returns."""
        handles = [os.pidfd_open(pid) for pid in self.pids(name)]
        for handle in handles:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        self.processes[name].wait()
        for handle in handles:
            assert select.select([handle], [], [], PATIENCE)[0], f"{name} outlived kill -9"
            os.close(handle)

    def wait(self, name: str, condition: Callable[[], object]) -> None:
        """Until the condition holds; fails with the log's end when that process ends before, or takes too long."""
        handle = os.pidfd_open(self.processes[name].pid)
        try:
            for _ in range(int(PATIENCE / LOOK)):
                if condition():
                    return
                if select.select([handle], [], [], LOOK)[0]:
                    break
        finally:
            os.close(handle)
        said = self._log(name).read_text(errors="replace")[-3000:]
        raise AssertionError(f"{name} (exit code {self.processes[name].poll()}) did not come so far:\n{said}")

    def stop(self) -> None:
        """End everything."""
        for name in reversed(self.processes):
            if self.processes[name].poll() is None:
                self.kill(name)
        self.house.database.close()

    def _log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"


@contextmanager
def running(folder: Path) -> Iterator[Machine]:
    """A machine with store, web and worker, all serving."""
    machine = Machine(folder)
    try:
        machine.start_web()
        machine.start_worker()
        yield machine
    finally:
        machine.stop()
