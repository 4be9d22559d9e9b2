"""The journal of a local ring: a line for every key it opened, a file a day, kept for `KEPT`.

A line is `<seconds since 1970> <root version> <owner> <cause>`. Several processes append to one file: each line is one
write. Whoever reads goes on from where it was: what a busy day wrote is read once.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

KEPT = timedelta(days=31)
"""Longer than reconciliation looks back; as long as a backup lives by default."""


class Journal:
    """Appends and reads."""

    def __init__(self, folder: Path, ring: str) -> None:
        """folder: where the ring's file lies. ring: its name."""
        self._folder = folder
        self._ring = ring
        self._named = re.compile(re.escape(ring) + r"\.unwraps-([0-9]{4}-[0-9]{2}-[0-9]{2})\.log")
        self._lock = threading.Lock()
        self._found: dict[str, int] = {}
        self._read: dict[Path, int] = {}
        """How many bytes of each file are in `_found`."""
        self._since = datetime.max.replace(tzinfo=UTC)
        """From when on `_found` is whole."""

    def record(self, now: datetime, version: int, owner: str, cause: str) -> None:
        """Append one line; the first of a day drops the files that are old enough."""
        path = self._folder / f"{self._ring}.unwraps-{now:%Y-%m-%d}.log"
        is_first = not path.exists()
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, f"{int(now.timestamp())} {version} {owner or '-'} {cause}\n".encode())
        finally:
            os.close(handle)
        if is_first:
            for old, day in self._files().items():
                if day < (now - KEPT).date():
                    old.unlink(missing_ok=True)

    def since(self, moment: datetime) -> Mapping[str, int]:
        """Cause -> time (seconds since 1970) of every line from that second on."""
        first = int(moment.timestamp())
        with self._lock:
            if moment < self._since:
                self._found, self._read = {}, {}
            self._since = moment
            for path, day in self._files().items():
                if day >= moment.date():
                    self._take_in(path)
            self._found = {cause: time for cause, time in self._found.items() if time >= first}
            return dict(self._found)

    def _take_in(self, path: Path) -> None:
        with path.open("rb") as file:
            file.seek(self._read.get(path, 0))
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        for line in whole.decode().splitlines():
            time, _, _, cause = line.split(" ", 3)
            self._found[cause] = int(time)
        self._read[path] = self._read.get(path, 0) + len(whole)

    def _files(self) -> dict[Path, date]:
        found = {path: self._named.fullmatch(path.name) for path in self._folder.iterdir()}
        return {path: date.fromisoformat(match[1]) for path, match in sorted(found.items()) if match}
