"""seccomp: a list of the system calls that drawing needs; every other one answers EPERM (seccomp(2)).

An allow-list, since what a kernel learns next year is then refused too. EPERM rather than death, since pdfium looks
for fonts and CPython for modules, and both live well without.
"""

import ctypes
import errno
import os
import struct
import sys

_ALLOWED = (
    "read", "readv", "write", "writev", "close", "fstat", "lseek",
    "munmap", "mremap", "madvise", "brk",
    "futex", "set_robust_list", "rseq", "membarrier", "sched_yield", "sched_getaffinity",
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall",
    "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday",
    "getpid", "gettid", "getrandom", "exit", "exit_group",
)  # fmt: skip

_NUMBERS = {
    "x86_64": {
        "read": 0, "write": 1, "close": 3, "fstat": 5, "lseek": 8, "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12,
        "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "readv": 19, "writev": 20, "sched_yield": 24,
        "mremap": 25, "madvise": 28, "nanosleep": 35, "getpid": 39, "clone": 56, "exit": 60, "gettimeofday": 96,
        "sigaltstack": 131, "gettid": 186, "futex": 202, "sched_getaffinity": 204, "restart_syscall": 219,
        "clock_gettime": 228, "clock_getres": 229, "clock_nanosleep": 230, "exit_group": 231, "set_robust_list": 273,
        "seccomp": 317, "getrandom": 318, "membarrier": 324, "rseq": 334, "clone3": 435,
    },
    "aarch64": {
        "close": 57, "lseek": 62, "read": 63, "write": 64, "readv": 65, "writev": 66, "fstat": 80, "exit": 93,
        "exit_group": 94, "futex": 98, "set_robust_list": 99, "nanosleep": 101, "clock_gettime": 113,
        "clock_getres": 114, "clock_nanosleep": 115, "sched_getaffinity": 123, "sched_yield": 124,
        "restart_syscall": 128, "sigaltstack": 132, "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139,
        "gettimeofday": 169, "getpid": 172, "gettid": 178, "brk": 214, "munmap": 215, "mremap": 216, "clone": 220,
        "mmap": 222, "mprotect": 226, "madvise": 233, "seccomp": 277, "getrandom": 278, "membarrier": 283,
        "rseq": 293, "clone3": 435,
    },
}  # fmt: skip
"""arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h."""

_AUDIT_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT = 0x4000_0000
"""x86_64's second table of calls: none of it."""

_KILL_PROCESS, _ERRNO, _ALLOW = 0x8000_0000, 0x0005_0000, 0x7FFF_0000
_CLONE_THREAD = 0x0001_0000
_PROT_EXEC = 0x4
_SET_MODE_FILTER, _ALL_THREADS = 1, 1

# Classic BPF: load a word of seccomp_data, jump if equal, at least, any bit set, return.
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT, _ARGUMENT_BYTES = 0, 4, 16, 8

Instruction = tuple[int, int, int, int]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def program(machine: str) -> bytes:
    """The filter for a machine ("x86_64", "aarch64"). Raises OSError for another."""
    numbers = _NUMBERS.get(machine)
    if numbers is None:
        raise OSError(errno.ENOSYS, f"no list of system calls for {machine}")
    lines: list[Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_EQUAL, 1, 0, _AUDIT_ARCHITECTURES[machine]),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    if machine == "x86_64":
        lines += [(_AT_LEAST, 0, 1, _X32_BIT), (_RETURN, 0, 0, _KILL_PROCESS)]
    for name in _ALLOWED:
        lines += _answer(numbers[name], _ALLOW)
    # glibc falls back to clone, whose flags can be looked at; clone3 hides them behind a pointer.
    lines += _answer(numbers["clone3"], _ERRNO | errno.ENOSYS)
    # libheif's decoder wants a thread. A process it is not.
    lines += _by_argument(numbers["clone"], 0, _CLONE_THREAD, with_bit=_ALLOW, without=_ERRNO | errno.EPERM)
    for name in ("mmap", "mprotect"):
        lines += _by_argument(numbers[name], 2, _PROT_EXEC, with_bit=_ERRNO | errno.EPERM, without=_ALLOW)
    lines.append((_RETURN, 0, 0, _ERRNO | errno.EPERM))
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def _answer(number: int, answer: int) -> list[Instruction]:
    return [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, answer)]


def _by_argument(number: int, argument: int, bit: int, *, with_bit: int, without: int) -> list[Instruction]:
    """Both machines are little-endian: the low word of an argument stands first, and the flags are in it."""
    return [
        (_EQUAL, 0, 4, number),
        (_LOAD, 0, 0, _ARGUMENTS_AT + argument * _ARGUMENT_BYTES),
        (_ANY_BIT, 0, 1, bit),
        (_RETURN, 0, 0, with_bit),
        (_RETURN, 0, 0, without),
    ]


def close() -> None:
    """Let nothing but the list through, for this process for good. Raises OSError when the kernel won't."""
    machine = os.uname().machine
    instructions = program(machine)
    if sys.byteorder != "little":
        raise OSError(errno.ENOSYS, "the filter reads little-endian arguments")
    filled = _Program(len(instructions) // 8, instructions)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(_NUMBERS[machine]["seccomp"], _SET_MODE_FILTER, _ALL_THREADS, ctypes.byref(filled)) != 0:
        raise OSError(ctypes.get_errno(), "seccomp is missing or switched off")
