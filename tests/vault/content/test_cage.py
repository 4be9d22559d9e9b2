"""The escape suite: everything a hostile document could do with CPython in its hands, tried in each cage."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vault.content import escapes
from vault.content import cage
from vault.content.cage import CageLevel
from vault.content.preview_process import seccomp

LEVELS = [level for level in (CageLevel.BUBBLEWRAP, CageLevel.LANDLOCK) if not cage.probe(level)]
"""What this machine offers; one test says that it is something."""
HERE = Path(__file__).parent
CLOSED = (
    "import sys; sys.path[:0] = [*sys.argv[1].split(':')]; import escapes; "
    "from preview_process.main import close_cage; close_cage(); escapes.main(sys.argv[2])"
)
OPEN = "import sys; sys.path[:0] = [*sys.argv[1].split(':')]; import escapes; escapes.main(sys.argv[2])"
ONE_LAYER = (
    "import sys; sys.path[:0] = [*sys.argv[1].split(':')]; import escapes; "
    "from preview_process import limits, landlock, seccomp; escapes.libc.prctl(38, 1, 0, 0, 0); "
    "{}.close(); escapes.main(sys.argv[2])"
)
PATHS = f"{HERE}:{Path(cage.__file__).parent}"


@pytest.fixture(scope="module")
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


@pytest.fixture(scope="module")
def unix_listener() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as made:
        path = f"{folder}/listening"
        made.bind(path)
        made.listen()
        Path(path).chmod(0o777)
        Path(folder).chmod(0o755)
        yield path


def _try(
    name: str,
    level: CageLevel,
    program: str = CLOSED,
    listening: tuple[socket.socket | None, str] = (None, ""),
    forgotten: tuple[int, ...] = (),
) -> subprocess.CompletedProcess[bytes]:
    port = str(listening[0].getsockname()[1]) if listening[0] else "1"
    command = cage.caged(level, [program, PATHS, name, port, listening[1]], visible=[HERE / "escapes.py"])
    return subprocess.run(command, env={}, cwd="/", capture_output=True, check=False, pass_fds=forgotten, timeout=60)


def test_this_machine_offers_a_cage() -> None:
    assert LEVELS
    assert cage.cage_available().level is LEVELS[0]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", list(escapes.ATTEMPTS))
def test_no_attempt_gets_out(name: str, level: CageLevel, listener: socket.socket, unix_listener: str) -> None:
    with tempfile.TemporaryFile() as secret:
        secret.write(b"canary")
        secret.seek(0)
        done = _try(name, level, listening=(listener, unix_listener), forgotten=(secret.fileno(),))
    assert done.stdout.startswith(b"refused"), (done.stdout, done.stderr)


WORKS_OUTSIDE = [
    "read_passwd", "read_itself", "list_root", "look_at_root", "connect_tcp", "send_udp", "connect_unix", "socket_pair",
    "fork", "spawn", "memory_file", "others", "kill_parent", "gigabyte", "gigabyte_of_bytes",
    "executable_memory", "make_memory_executable", "inherited", "prctl", "duplicate", "read_link", "watch_files",
    "lower_limits", "personality", "shared_memory", "pidfd_open",
]  # fmt: skip


@pytest.mark.parametrize("name", WORKS_OUTSIDE)
def test_the_same_attempt_succeeds_without_a_cage(name: str, listener: socket.socket, unix_listener: str) -> None:
    """So that a refusal above is the cage's doing."""
    with tempfile.TemporaryFile() as secret:
        secret.write(b"canary")
        secret.seek(0)
        done = _try(name, CageLevel.LANDLOCK, OPEN, listening=(listener, unix_listener), forgotten=(secret.fileno(),))
    assert done.stdout.startswith(b"reached"), (done.stdout, done.stderr)


@pytest.mark.parametrize("level", LEVELS)
def test_twenty_seconds_of_cpu_end_after_five(level: CageLevel) -> None:
    done = _try("spin", level)
    assert done.stdout == b""
    assert done.returncode in (-signal.SIGXCPU, -signal.SIGKILL, 128 + signal.SIGXCPU, 128 + signal.SIGKILL)


@pytest.mark.parametrize("level", LEVELS)
def test_a_thread_is_allowed(level: CageLevel) -> None:
    assert _try("thread", level).stdout == b"reached: [1]"


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        *[("landlock", name) for name in ("read_passwd", "read_itself", "list_root", "write_tmp", "make_folder")],
        *[
            ("seccomp", name)
            for name in (
                "read_passwd", "list_root", "look_at_root", "connect_tcp", "send_udp", "connect_unix", "fork", "spawn",
                "clone_process", "memory_file", "kill_parent", "raise_limits", "executable_memory", "io_uring",
            )
        ],
        *[("limits", name) for name in ("gigabyte", "gigabyte_of_bytes", "inherited", "kill_parent")],
    ],
)  # fmt: skip
def test_each_layer_holds_alone(layer: str, name: str, listener: socket.socket, unix_listener: str) -> None:
    """What one layer would lose, another keeps."""
    with tempfile.TemporaryFile() as secret:
        secret.write(b"canary")
        secret.seek(0)
        done = _try(
            name,
            CageLevel.LANDLOCK,
            ONE_LAYER.format(layer),
            listening=(listener, unix_listener),
            forgotten=(secret.fileno(),),
        )
    expected = b"reached" if (layer, name) == ("limits", "kill_parent") and os.geteuid() else b"refused"
    assert done.stdout.startswith(expected), (done.stdout, done.stderr)


def test_a_child_whose_cage_stays_open_reads_nothing() -> None:
    """The limits can't be set a second time, so the second close fails: the child must end there."""
    program = (
        "import sys; sys.path[:0] = [*sys.argv[1].split(':')]; from preview_process import main; "
        "main.close_cage(); main.main('probe', 1)"
    )
    done = _try("x", CageLevel.LANDLOCK, program)
    assert (done.returncode, done.stdout) == (70, b"")


def test_without_a_cage_there_is_no_command() -> None:
    with pytest.raises(ValueError, match="none"):
        cage.command(CageLevel.NONE, "probe", 1)


def _judge(program: bytes, machine: int, number: int, arguments: tuple[int, ...]) -> int:
    """What the kernel would answer: a few lines of classic BPF."""
    words = struct.pack("<IIQ6Q", number, machine, 0, *arguments)
    lines = list(struct.iter_unpack("=HBBI", program))
    loaded, at = 0, 0
    while True:
        code, yes, no, value = lines[at]
        at += 1
        if code == 0x20:
            loaded = int.from_bytes(words[value : value + 4], "little")
        elif code == 0x06:
            return int(value)
        else:
            true = {0x15: loaded == value, 0x35: loaded >= value, 0x45: bool(loaded & value)}[code]
            at += yes if true else no


@pytest.mark.parametrize(("name", "machine"), [("x86_64", 0xC000003E), ("aarch64", 0xC00000B7)])
def test_the_filter_answers_as_written_on_each_machine(name: str, machine: int) -> None:
    program, numbers = seccomp.program(name), seccomp._NUMBERS[name]
    allowed = {numbers[each] for each in seccomp._ALLOWED}
    special = {numbers[each] for each in ("clone", "clone3", "mmap", "mprotect")}
    none = (0,) * 6
    for number in itertools.chain(range(1024)):
        if number not in special:
            wanted = 0x7FFF0000 if number in allowed else 0x50001
            assert _judge(program, machine, number, none) == wanted, number
    assert _judge(program, machine, numbers["clone3"], none) == 0x50026
    assert _judge(program, machine, numbers["clone"], (0x11, *none[1:])) == 0x50001
    assert _judge(program, machine, numbers["clone"], (0x3D0F00, *none[1:])) == 0x7FFF0000
    for each in ("mmap", "mprotect"):
        assert _judge(program, machine, numbers[each], (0, 0, 3, 0, 0, 0)) == 0x7FFF0000
        assert _judge(program, machine, numbers[each], (0, 0, 7, 0, 0, 0)) == 0x50001
    assert _judge(program, 0x40000003, numbers["read"], none) == 0x80000000, "a 32-bit call"
    assert _judge(program, machine, 0x40000000, none) == (0x80000000 if name == "x86_64" else 0x50001), "x32"


def test_an_unknown_machine_has_no_filter() -> None:
    with pytest.raises(OSError, match="riscv64"):
        seccomp.program("riscv64")
