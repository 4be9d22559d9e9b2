"""`run` as a new user meets it: what it says, what it leaves behind, what it refuses."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from config import ports
from tests.installation import ROOT, RunningHouse, environment, running, start

COMMAND = [sys.executable, "-m", "citizen_account", "run"]


def _ended(pids: list[int]) -> bool:
    """Wait, by the kernel's own notice, until these processes are gone."""
    for pid in pids:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            if not select.select([handle], [], [], 20)[0]:
                return False
        finally:
            os.close(handle)
    return True


def _children(house: RunningHouse, mark: bytes) -> list[int]:
    """The processes below `run` whose command line has this word."""
    found = []
    for pid in house.children():
        with suppress(OSError):
            if mark in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                found.append(pid)
    return found


def _child(house: RunningHouse, mark: bytes) -> int:
    return min(_children(house, mark), default=0)


def _until(house: RunningHouse, condition: Callable[[], bool]) -> bool:
    """Look until the condition holds, waiting for the end of `run` in between."""
    handle = os.pidfd_open(house.process.pid)
    try:
        for _ in range(1_500):
            if condition():
                return True
            if select.select([handle], [], [], 0.04)[0]:
                return False
    finally:
        os.close(handle)
    return False


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with running(tmp_path_factory.mktemp("run") / "data") as house:
        yield house


def test_it_serves_and_ctrl_c_stops_everything_it_started(tmp_path: Path) -> None:
    with running(tmp_path / "data") as house:
        assert ports.serves(house.port, "/")
        assert ports.serves(house.example_port, "/")
        children = house.children()
        assert len(children) >= 4
        assert house.stop() == 0
    assert _ended(children)
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0
    for secret in [*(tmp_path / "data").glob("keys/*"), tmp_path / "data" / "embedded.env"]:
        assert secret.stat().st_mode & 0o077 == 0, secret


def test_every_program_says_how_strong_its_cage_is_and_writes_its_records_as_the_settings_say(tmp_path: Path) -> None:
    with running(tmp_path / "data") as house:
        assert "  Previews          in a cage of " in "".join(house.said)
        for program, event in (("web-server", "web_started"), ("worker", "worker_started")):
            assert _record(house, program, event)["cage"].startswith("in a cage of ")


def _record(house: RunningHouse, program: str, event: str) -> dict[str, Any]:
    """The first record of that name in a program's log, waited for."""
    log = house.folder / "logs" / f"{program}.log"
    for _ in range(300):
        for line in log.read_text().splitlines():
            if line.startswith("{") and (record := json.loads(line))["event"] == event:
                return dict(record)
        threading.Event().wait(0.1)
    raise AssertionError(log.read_text()[-3000:])


def test_a_record_that_leaks_ends_a_program_of_the_tests(tmp_path: Path) -> None:
    store = {"ENDPOINT_URL": "http://127.0.0.1:1", "ACCESS_KEY_ID": "key", "SECRET_ACCESS_KEY": "of-nobody"}
    kept = environment(
        tmp_path / "data",
        CITIZEN_ACCOUNT_LOGS__FORBIDDEN_WORDS='["cage of"]',
        **{f"CITIZEN_ACCOUNT_S3_{name}": value for name, value in store.items()},
    )
    for command in ("migrate", "worker"):
        done = subprocess.run([*COMMAND[:-1], command], check=False, capture_output=True, text=True, cwd=ROOT, env=kept,
                              timeout=60)  # fmt: skip
    assert done.returncode == 1
    assert "LeakError: citizen_account.cli.worker worker_started: cage" in done.stderr


def test_a_data_folder_of_somebody_else_is_one_sentence_with_the_mend(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o500)
    nobody = ["setpriv", "--reuid=65534", "--clear-groups"] if os.getuid() == 0 else []
    for path in (tmp_path, *tmp_path.parents):
        if path.stat().st_uid == os.getuid() and path != Path("/tmp"):  # noqa: S108 -- pytest keeps its folders to itself
            path.chmod(0o755)
    theirs.chmod(0o500 if nobody == [] else 0o700)
    for command in ("run", "citizen list"):
        done = subprocess.run([*nobody, *COMMAND[:-1], *command.split()], check=False, capture_output=True, text=True,
                              cwd=ROOT, env=environment(theirs / "data"), timeout=60)  # fmt: skip
        assert done.returncode == 1
        assert re.fullmatch(r"\S+ can't be used: Permission denied. \S+ belongs to \w+: work as \w+, or set "
                            r"CITIZEN_ACCOUNT_DATA_DIR to a folder of yours.\n", done.stderr), done.stderr  # fmt: skip


def test_the_second_start_finds_what_the_first_one_made(tmp_path: Path) -> None:
    with running(tmp_path / "data") as house:
        first = (house.folder / "school-enrolment.json").read_bytes()
    with running(tmp_path / "data") as house:
        assert (house.folder / "school-enrolment.json").read_bytes() == first
        assert ports.serves(house.port, "/")


def test_kill_9_of_the_parent_leaves_no_child_behind(tmp_path: Path) -> None:
    house = start(tmp_path / "data")
    house.wait_until_ready()
    children = house.children()
    os.kill(house.process.pid, signal.SIGKILL)
    house.process.wait(10)
    assert _ended(children)


@pytest.mark.parametrize(
    ("mark", "name"),
    [
        pytest.param(b"mini", "object store", id="store"),
        pytest.param(b"web", "web server", id="web"),
        pytest.param(b"worker", "worker", id="worker"),
        pytest.param(b"examples.school_enrolment", "example e-service", id="example"),
    ],
)
def test_a_child_that_is_killed_is_started_again(town: RunningHouse, mark: bytes, name: str) -> None:
    pid = _child(town, mark)
    os.kill(pid, signal.SIGKILL)
    assert town.process.stdout
    said = next(line for line in town.process.stdout if line.startswith("The "))
    assert said == f"The {name} was killed (SIGKILL). It is started again.\n"
    assert _ended([pid])
    assert _until(town, lambda: _child(town, mark) != pid)
    assert _until(town, lambda: ports.serves(town.port, "/health") and ports.serves(town.example_port, "/"))


def test_a_serving_process_that_is_killed_is_replaced_by_its_own_parent(town: RunningHouse) -> None:
    parent, serving = sorted(_children(town, b"web"))
    os.kill(serving, signal.SIGKILL)
    assert _ended([serving])
    assert _until(town, lambda: ports.serves(town.port, "/health"))
    assert parent in _children(town, b"web")


def test_a_child_that_keeps_ending_stops_the_rest_and_is_named(tmp_path: Path) -> None:
    house = start(tmp_path / "data")
    house.wait_until_ready()
    children = house.children()
    # It starts no more: what it needs is gone.
    (house.folder / "school-enrolment.json").unlink()
    os.kill(_child(house, b"examples.school_enrolment"), signal.SIGKILL)
    rest, _ = house.process.communicate(timeout=120)
    assert house.process.returncode == 1
    assert re.search(r"The example e-service ended \(exit code 1\), 5 times in a row; the rest was stopped\.", rest)
    assert "It said last: " in rest
    assert _ended(children)


def test_a_busy_port_is_one_sentence_with_the_mend(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        house = start(tmp_path / "other", "--port", str(port))
        said, _ = house.process.communicate(timeout=30)
    assert house.process.returncode == 1
    assert said.strip() == f"Port {port} is in use. Stop what uses it, or choose another: make run PORT={port + 10}"


def test_a_second_run_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with running(tmp_path / "data"):
        second = start(tmp_path / "data")
        said, _ = second.process.communicate(timeout=30)
    assert second.process.returncode == 1
    assert "It is running already" in said
    assert len(said.strip().splitlines()) == 1


def test_a_missing_store_binary_is_one_sentence_with_the_mend(tmp_path: Path) -> None:
    # The same Python from a folder that has no `weed` beside it.
    python = tmp_path / "python"
    python.symlink_to(Path(sys.executable).resolve())
    packages = f"{ROOT}:{sysconfig.get_path('purelib')}"
    house = start(tmp_path / "data", python=str(python), PYTHONPATH=packages, PATH="/nonexistent")
    said, _ = house.process.communicate(timeout=30)
    assert house.process.returncode == 1
    assert "SeaweedFS (weed) is missing" in said


def test_a_full_disk_is_one_sentence_with_the_mend(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    # A mount namespace of its own, so that the small disk needs no right on the machine and vanishes with the command.
    mounted = f'mount -t tmpfs -o size=8m tmpfs {small} && exec "$0" "$@"'
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mounted, *COMMAND],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(small / "data"),
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("The disk is nearly full: 8 MB are free")
