"""Which cage this machine offers, and the command that starts a child in it.

The strongest there is: bubblewrap around Landlock, seccomp and limits; else those three, which need neither root nor
namespaces; else none, and then no document is opened at all. The child closes the three itself (`preview_process`),
bubblewrap takes the file system, the network and the other processes away before it starts.
"""

from __future__ import annotations

import functools
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
_PACKAGES: Final = ("PIL", "pillow_heif", "pypdfium2_raw")
_MODULES: Final = ("_pillow_heif",)
_SHARED_LIBRARIES: Final = ("pillow.libs", "pillow_heif.libs")
"""Folders beside the packages in which their wheels keep libraries; not every wheel has one."""
_BOOT: Final = (
    "import sys; sys.path[:0] = sys.argv[1].split(':'); "
    "from preview_process.main import main; main(sys.argv[2], int(sys.argv[3]))"
)
_PROBE_SECONDS: Final = 20.0


class CageLevel(StrEnum):
    """How strong a cage is."""

    BUBBLEWRAP = "bubblewrap"
    """An empty root, no network, no other processes; inside it Landlock, seccomp and limits."""
    LANDLOCK = "landlock"
    """Landlock, seccomp and limits."""
    NONE = "none"
    """No document is opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CageReport:
    """What this machine offers."""

    level: CageLevel
    """The strongest cage that closed when it was tried."""
    missing: tuple[str, ...] = ()
    """One sentence for each stronger cage that didn't, for the log and for `config check`."""


@functools.cache
def cage_available() -> CageReport:
    """Try each cage, the strongest first, with a child that closes it and ends (about 0.1 s; once a process)."""
    missing: list[str] = []
    for level in (CageLevel.BUBBLEWRAP, CageLevel.LANDLOCK):
        problem = probe(level)
        if not problem:
            return CageReport(level=level, missing=tuple(missing))
        missing.append(f"{level}: {problem}")
    return CageReport(level=CageLevel.NONE, missing=tuple(missing))


def probe(level: CageLevel) -> str:
    """Close a cage of that level and end; empty when it worked, else what was missing."""
    if level is CageLevel.BUBBLEWRAP and not shutil.which("bwrap"):
        return "bubblewrap is not installed"
    try:
        done = subprocess.run(  # noqa: S603 - our own command, nothing of it from outside
            command(level, "probe", 0),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={},
            cwd="/",
            check=False,
            timeout=_PROBE_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return type(error).__name__
    if done.returncode == 0 and done.stdout:
        return ""
    last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    return last or f"it ended with status {done.returncode}"


def command(level: CageLevel, media_type: str, max_pages: int) -> list[str]:
    """The command line of a child that draws; start it with an empty environment and pipes.

    Raises ValueError for level NONE: there is no such child.
    """
    paths = ":".join(str(path) for path in _search_path())
    return caged(level, [_BOOT, paths, media_type, str(max_pages)])


def caged(level: CageLevel, program: list[str], visible: Iterable[Path] = ()) -> list[str]:
    """Python running `program` (the text for -c and its arguments), inside bubblewrap where the level says so.

    visible: what it may read besides Python itself and the folders of `command`, until it closes its own cage.
    """
    python = [str(Path(getattr(sys, "_base_executable", sys.executable)).resolve()), "-I", "-S", "-B", "-c", *program]
    if level is CageLevel.LANDLOCK:
        return python
    if level is CageLevel.BUBBLEWRAP:
        return [*_bubblewrap([*_visible(), *visible]), *python]
    raise ValueError(level)


def _bubblewrap(paths: list[Path]) -> list[str]:
    bwrap = shutil.which("bwrap") or "bwrap"
    # Every namespace; a user of its own without any capability; gone when the parent is.
    line = [bwrap, "--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534"]
    line += ["--cap-drop", "ALL", "--die-with-parent", "--new-session", "--clearenv", "--hostname", "cage"]
    for path in paths:
        line += ["--ro-bind", str(path), str(path)]
    for library in (Path("/lib"), Path("/lib64")):
        if library.is_symlink():
            line += ["--symlink", str(library.readlink()), str(library)]
        elif library.exists():
            line += ["--ro-bind", str(library), str(library)]
    return [*line, "--chdir", "/", "--"]


def _visible() -> list[Path]:
    """Python, its libraries, and the few packages that draw: nothing else of the house."""
    python = {Path("/usr"), Path(sys.base_prefix).resolve()}
    return [*sorted(python), _HERE / "preview_process", *_packages()]


def _search_path() -> list[Path]:
    """Where the child finds `preview_process` and the packages."""
    return list(dict.fromkeys([_HERE, *(package.parent for package in _packages())]))


@functools.cache
def _packages() -> tuple[Path, ...]:
    return tuple(_find_packages())


def _find_packages() -> Iterator[Path]:
    for name in _PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            folder = Path(spec.origin).parent
            yield folder
            yield from (folder.parent / name for name in _SHARED_LIBRARIES if (folder.parent / name).is_dir())
    for name in _MODULES:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            yield Path(spec.origin)
