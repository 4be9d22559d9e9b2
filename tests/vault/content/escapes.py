"""Ways out of a cage. Run inside one by test_cage.py, alone: `main(name)` tries one and says how it went.

Each function raises when it is refused and returns what it reached when it isn't.
"""

# The ground that an attacker stands on is whatever CPython offers: everything is loaded before the cage closes.
from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable

libc = ctypes.CDLL(None, use_errno=True)
X86_64 = os.uname().machine == "x86_64"
CALLS = {
    "ptrace": (101, 117), "bpf": (321, 280), "userfaultfd": (323, 282), "keyctl": (250, 219), "add_key": (248, 217),
    "perf_event_open": (298, 241), "unshare": (272, 97), "mount": (165, 40), "open_by_handle_at": (304, 265),
    "process_vm_readv": (310, 270), "memfd_create": (319, 279), "io_uring_setup": (425, 425), "setns": (308, 268),
    "pidfd_open": (434, 434), "clone3": (435, 435), "personality": (135, 92), "shmget": (29, 194),
    "chroot": (161, 51), "socketpair": (53, 199), "init_module": (175, 105), "fsopen": (430, 430), "prctl": (157, 167),
    "pidfd_getfd": (438, 438), "openat2": (437, 437), "landlock_create_ruleset": (444, 444), "execveat": (322, 281),
    "fork": (57, 220), "vfork": (58, 220), "newfstatat": (262, 79), "kexec_load": (246, 104), "ioctl": (16, 29),
    "seccomp": (317, 277), "getdents64": (217, 61), "dup": (32, 23), "readlinkat": (267, 78),
    "inotify_init1": (294, 26),
}  # fmt: skip


def call(name: str, *arguments: object) -> int:
    """A system call, past every wrapper."""
    result = int(libc.syscall(CALLS[name][not X86_64], *arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


def read_passwd() -> object:
    with open("/etc/passwd") as opened:  # noqa: PTH123 - as an attacker writes it
        return opened.read(20)


def read_itself() -> object:
    with open(sys.executable, "rb") as opened:  # noqa: PTH123
        return opened.read(4)


def list_root() -> object:
    return os.listdir("/")  # noqa: PTH208


def look_at_root() -> object:
    return os.stat("/")  # noqa: PTH116


def connect_tcp() -> object:
    with socket.socket() as made:
        made.connect(("127.0.0.1", int(sys.argv[3])))
        return made


def send_udp() -> object:
    with socket.socket(type=socket.SOCK_DGRAM) as made:
        return made.sendto(b"x", ("127.0.0.1", 9))


def connect_unix() -> object:
    with socket.socket(socket.AF_UNIX) as made:
        made.connect(sys.argv[4])
        return made


def socket_pair() -> object:
    return socket.socketpair()


def fork() -> object:
    child = os.fork()
    if child == 0:
        os._exit(0)
    return os.waitpid(child, 0)


def spawn() -> object:
    return os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)


def execute() -> object:
    os.execv("/bin/true", ["true"])  # noqa: S606 - the point


def clone_process() -> object:
    return call("clone3", ctypes.create_string_buffer(88), 88) if X86_64 else call("fork", signal.SIGCHLD, 0, 0, 0, 0)


def ptrace() -> object:
    return call("ptrace", 16, os.getppid(), 0, 0)


def write_tmp() -> object:
    with open("/tmp/escaped", "w") as opened:  # noqa: PTH123, S108
        return opened.write("x")


def write_here() -> object:
    with open("escaped", "w") as opened:  # noqa: PTH123
        return opened.write("x")


def make_folder() -> object:
    return os.mkdir("/tmp/escaped-folder")  # type: ignore[func-returns-value]  # noqa: PTH102, S108


def memory_file() -> object:
    return call("memfd_create", b"x", 0)


def environment() -> object:
    found = [name for name in os.environ if name not in ("LC_CTYPE", "PWD")]
    if not found:
        raise OSError("empty")
    return found


def environment_of_parent() -> object:
    with open(f"/proc/{os.getppid()}/environ", "rb") as opened:  # noqa: PTH123
        return opened.read(1)


def others() -> object:
    return os.listdir("/proc")  # noqa: PTH208


def read_parent_memory() -> object:
    local = ctypes.create_string_buffer(8)
    one = (ctypes.c_uint64 * 2)(ctypes.addressof(local), 8)
    return call("process_vm_readv", os.getppid(), one, 1, one, 1, 0)


def kill_parent() -> object:
    os.kill(os.getppid(), 0)
    return True


def kill_itself_elsewhere() -> object:
    os.kill(-1, 0)
    return True


def gigabyte() -> object:
    return mmap.mmap(-1, 2**30)


def gigabyte_of_bytes() -> object:
    return len(bytearray(2**30))


def much_cpu() -> object:
    while resource.getrusage(resource.RUSAGE_SELF).ru_utime < 20:
        pass
    return True


def spin() -> object:
    """As above without asking: rusage isn't on the list."""
    number = 0
    while number < 10**10:
        number += 1
    return True


def raise_limits() -> object:
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return True


def lower_limits() -> object:
    resource.setrlimit(resource.RLIMIT_CPU, (1, 1))
    return True


def become_root() -> object:
    os.setuid(0)
    return True


def executable_memory() -> object:
    return mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)


def make_memory_executable() -> object:
    page = mmap.mmap(-1, 4096)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    if libc.mprotect(ctypes.c_void_p(address), ctypes.c_size_t(4096), 7) != 0:
        raise OSError(ctypes.get_errno(), "mprotect")
    return True


def inherited() -> object:
    """A file that the parent forgot to close."""
    for number in range(3, 200):
        with contextlib.suppress(OSError):
            return os.read(number, 1)
    raise OSError("nothing was left open")


def thread() -> object:
    """Not an escape: libheif needs one."""
    reached: list[int] = []
    made = threading.Thread(target=reached.append, args=(1,))
    made.start()
    made.join()
    return reached


def _raw(name: str, *arguments: object) -> Callable[[], object]:
    return lambda: call(name, *arguments)


ATTEMPTS: dict[str, Callable[[], object]] = {
    **{
        made.__name__: made
        for made in (
            read_passwd, read_itself, list_root, look_at_root, connect_tcp, send_udp, connect_unix, socket_pair, fork,
            spawn, execute, clone_process, ptrace, write_tmp, write_here, make_folder, memory_file, environment,
            environment_of_parent, others, read_parent_memory, kill_parent, kill_itself_elsewhere, gigabyte,
            gigabyte_of_bytes, raise_limits, lower_limits, become_root, executable_memory, make_memory_executable,
            inherited,
        )
    },
    "io_uring": _raw("io_uring_setup", 8, ctypes.create_string_buffer(120)),
    "userfaultfd": _raw("userfaultfd", 1),
    "keyctl": _raw("keyctl", 0, -3, 1),
    "add_key": _raw("add_key", b"user", b"x", b"y", 1, -3),
    "bpf": _raw("bpf", 0, ctypes.create_string_buffer(64), 64),
    "perf_event_open": _raw("perf_event_open", ctypes.create_string_buffer(128), 0, -1, -1, 0),
    "unshare": _raw("unshare", 0x10000000),
    "mount": _raw("mount", b"none", b"/", b"tmpfs", 0, 0),
    "open_by_handle_at": _raw("open_by_handle_at", -100, ctypes.create_string_buffer(64), 0),
    "setns": _raw("setns", 0, 0),
    "pidfd_open": _raw("pidfd_open", 1, 0),
    "personality": _raw("personality", 0x0040000),
    "shared_memory": _raw("shmget", 0, 4096, 0o1600),
    "chroot": _raw("chroot", b"/"),
    "init_module": _raw("init_module", 0, 0, b""),
    "kexec": _raw("kexec_load", 0, 0, 0, 0),
    "fsopen": _raw("fsopen", b"tmpfs", 0),
    "prctl": _raw("prctl", 15, b"renamed", 0, 0, 0),
    "openat2": _raw("openat2", -100, b"/", (ctypes.c_uint64 * 3)(), 24),
    "execveat": _raw("execveat", -100, b"/bin/true", 0, 0, 0),
    "terminal": _raw("ioctl", 0, 0x5412, b"x"),
    "more_seccomp": _raw("seccomp", 2, 0, ctypes.create_string_buffer(b"\0\0\xff\x7f")),
    "landlock_again": _raw("landlock_create_ruleset", 0, 0, 1),
    "duplicate": _raw("dup", 0),
    "read_link": _raw("readlinkat", -100, b"/proc/self/exe", ctypes.create_string_buffer(99), 99),
    "watch_files": _raw("inotify_init1", 0),
}  # fmt: skip


def main(name: str) -> None:
    """Try it; the last line on standard output tells."""
    try:
        reached = {**ATTEMPTS, "much_cpu": much_cpu, "spin": spin, "thread": thread}[name]()
    except (OSError, MemoryError, ValueError) as refused:
        os.write(1, f"refused: {refused!r}".encode())
    else:
        os.write(1, f"reached: {reached!r}".encode()[:200])
    os._exit(0)
