"""Landlock: from here on no file is opened, made, removed or run, and no TCP port is used (landlock(7))."""

import ctypes
import os

_CREATE_RULESET = 444
_RESTRICT_SELF = 446
"""The same numbers on every architecture."""
_ASK_VERSION = 1
_FILE_RIGHTS = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 4: 0x7FFF, 5: 0xFFFF}
"""Every right that an ABI knows: execute to make_sym, refer, truncate, ioctl_dev."""
_NEWEST_FILE_RIGHTS = 0xFFFF
_NET_RIGHTS, _NET_SINCE = 0x3, 4
_SCOPES, _SCOPES_SINCE = 0x3, 6
"""Abstract UNIX sockets and signals of processes outside."""


class _RulesetAttributes(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


def close() -> None:
    """Handle every right and grant none. Raises OSError when the kernel has no Landlock."""
    libc = ctypes.CDLL(None, use_errno=True)
    version = _checked(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION))
    attributes = _RulesetAttributes(
        _FILE_RIGHTS.get(version, _NEWEST_FILE_RIGHTS),
        _NET_RIGHTS if version >= _NET_SINCE else 0,
        _SCOPES if version >= _SCOPES_SINCE else 0,
    )
    # An older kernel refuses a structure with members that it doesn't know, even zero-sized knowledge of them.
    size = 8 * (1 + (version >= _NET_SINCE) + (version >= _SCOPES_SINCE))
    ruleset = _checked(libc.syscall(_CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), 0))
    _checked(libc.syscall(_RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), "Landlock is missing or switched off")
    return result
