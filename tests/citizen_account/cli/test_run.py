"""`run` as a new user meets it: what it says, what it leaves behind, what it refuses."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import sysconfig
from pathlib import Path

from config import ports
from tests.installation import ROOT, environment, running, start

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


def test_a_child_that_dies_stops_the_rest_and_is_named(tmp_path: Path) -> None:
    house = start(tmp_path / "data")
    house.wait_until_ready()
    children = house.children()
    worker = next(pid for pid in children if b"worker" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(worker, signal.SIGKILL)
    rest, _ = house.process.communicate(timeout=60)
    assert house.process.returncode == 1
    assert "The worker ended" in rest
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
