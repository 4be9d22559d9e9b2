"""The processes that `run` starts: none outlives it, whatever ends it."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

PR_SET_PDEATHSIG = 1  # prctl(2)


def die_with_parent(sent: signal.Signals = signal.SIGKILL) -> Callable[[], None]:
    """A function for the child side of a fork: the kernel ends the child when its parent dies (prctl(2)).

    Made before the fork, so that the child only makes one system call. A parent that died in between is noticed by
    its changed process id.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def bind() -> None:
        libc.prctl(PR_SET_PDEATHSIG, sent)
        if os.getppid() != parent:
            os._exit(1)

    return bind


def stop_with_parent() -> None:
    """End this process with SIGTERM, hence in order, when its own parent dies (`make run` killed)."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Gate:
    """Holds children that were started early: they load their programs while what they need is not ready yet.

    A pipe whose end tells them to go on; nothing is ever written to it.
    """

    def __init__(self) -> None:
        """Closed."""
        self.reader, self._writer = os.pipe()

    def open(self) -> None:
        """Let them go on."""
        os.close(self._writer)
        os.close(self.reader)


def wait_at(gate: int | None) -> None:
    """In the child: wait until its gate opens. gate: the inherited `Gate.reader`; None waits for nothing."""
    if gate is not None:
        os.read(gate, 1)
        os.close(gate)


def start_python(
    arguments: list[str], environment: Mapping[str, str], log: Path, *, gate: Gate | None = None
) -> subprocess.Popen[bytes]:
    """Start a Python program of ours. log: where its output goes, appended. gate: what it waits at (`--gate`)."""
    if gate is not None:
        arguments = [*arguments, "--gate", str(gate.reader)]
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 -- our own programs
            [sys.executable, *arguments],
            env={"MALLOC_ARENA_MAX": "2", **os.environ, **environment},  # more arenas only keep freed memory apart
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=die_with_parent(),  # noqa: PLW1509 -- `run` has no threads
            # Ctrl-C reaches `run` alone, which ends its children in order: web before worker before store.
            start_new_session=True,
            pass_fds=() if gate is None else (gate.reader,),
        )
