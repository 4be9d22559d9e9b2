"""How much of the machine the child may use, and who it is (setrlimit(2), setresuid(2))."""

import ctypes
import os
import resource

MEMORY_BYTES = 512 * 2**20
CPU_SECONDS = 5
_NOBODY = 65534
_SET_NO_NEW_PRIVILEGES = 38
_ARENA_MAX = -8
"""prctl's and mallopt's names for these."""
_LIMITS = (
    (resource.RLIMIT_AS, MEMORY_BYTES, MEMORY_BYTES),
    (resource.RLIMIT_CPU, CPU_SECONDS, CPU_SECONDS + 1),
    (resource.RLIMIT_NOFILE, 4, 4),
    (resource.RLIMIT_CORE, 0, 0),
    (resource.RLIMIT_FSIZE, 0, 0),
    (resource.RLIMIT_MEMLOCK, 0, 0),
    (resource.RLIMIT_MSGQUEUE, 0, 0),
)
"""FSIZE 0 would kill a child whose output is a file: it is a pipe. A core file would hold the document. NOFILE is
the pipes and Landlock's ruleset while it is made."""


def close() -> None:
    """Keep the three pipes only, become nobody if root, set the limits, never gain a right again.

    Raises OSError or ValueError when one of it doesn't work.
    """
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    libc = ctypes.CDLL(None, use_errno=True)
    # A second arena of glibc's would reserve 128 MB of the address space for a thread.
    libc.mallopt(_ARENA_MAX, 1)
    for limit, soft, hard in _LIMITS:
        resource.setrlimit(limit, (soft, hard))
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    if libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs is refused")
