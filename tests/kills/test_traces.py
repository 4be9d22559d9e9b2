"""What a paper says is found on no disk: every way through the house, then every byte that it left behind."""

from __future__ import annotations

import http
import mmap
import os
import random
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select

from config.jobs import queue
from tests.kills.citizen import Citizen, citizen, paper
from tests.kills.machine import STORE, WEB, WORKER, Machine
from tests.kills.promises import Promises


def test_nothing_that_a_paper_says_is_left_anywhere(
    machine: Machine, chance: random.Random, promises: Promises
) -> None:
    person = citizen(machine)
    mark = chance.randbytes(24)
    words = f"CANARY {mark.hex()}"
    content = paper(1_000_000, chance, words).replace(b"\nendstream", mark + b"\nendstream")
    told = {"text": words.encode(), "bytes": mark, "label": b"Carnet canari", "file name": b"canari-jaune"}

    def send(content: bytes, **given: str) -> int:
        return person.upload(content, name="canari-jaune.pdf", label="Carnet canari", **given).status

    assert send(content, token="forged") == http.HTTPStatus.FORBIDDEN
    assert send(b"MZ" + content) == http.HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    assert send(paper(51_000_000, chance, words)) == http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    # A page that wants no file: Werkzeug would have spooled it to disk before anybody looked.
    assert send(content, path="/papers/pictures") == http.HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    kept = person.upload(content, name="canari-jaune.pdf", label="Carnet canari").receipt
    assert kept
    promises.drained()
    picture = person.get(f"/papers/{kept}/pages/1")
    assert picture.status == http.HTTPStatus.OK
    middle = len(picture.body) // 2
    told["picture"] = picture.body[middle : middle + 48]
    assert person.get(f"/papers/{kept}/original").body == content
    assert content in person.post("/takeout").body
    location, headers = person.lend(kept)
    assert person.get(location, headers).body == content
    assert person.get(location + "?rendition=page-1", headers).body == picture.body
    _break(machine, person, content, kept)
    promises.drained()
    assert _found(machine, told) == []
    # The search itself finds what lies there in clear.
    assert _found(machine, {"id": kept.encode()})


@pytest.mark.parametrize("name", [WEB, WORKER])
def test_no_process_can_leave_a_core_file_or_a_temporary_one(machine: Machine, name: str) -> None:
    for pid in machine.pids(name):
        limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
        assert [line.split()[4:6] for line in limits if line.startswith("Max core")] == [["0", "0"]]
        for folder in ("", "tmp", "var/tmp", "dev/shm"):
            assert os.statvfs(f"/proc/{pid}/root/{folder}").f_flag & os.ST_RDONLY
        assert Path(f"/proc/{pid}/cwd").readlink() == Path("/proc")


def _break(machine: Machine, person: Citizen, content: bytes, kept: str) -> None:
    """Each program fails with plaintext or keys in hand: what it logs of that must not hold them."""
    machine.kill(STORE)
    assert person.upload(content).status == http.HTTPStatus.SERVICE_UNAVAILABLE
    assert person.get(f"/papers/{kept}/original").status == http.HTTPStatus.SERVICE_UNAVAILABLE
    for agreed in (False, True):
        machine.house.documents.record_agreement(person.owner, agreed)
    machine.wait(WORKER, lambda: _failures(machine))
    machine.start_store()
    machine.wait(STORE, machine.store_serves)


def _failures(machine: Machine) -> list[str]:
    with machine.house.database.reading() as tx:
        return list(tx.execute(select(queue.c.error).where(queue.c.error.is_not(None))).scalars())


def _found(machine: Machine, needles: Mapping[str, bytes]) -> list[str]:
    """Which needle lies where, in the data folder and in whatever else our processes hold open."""
    found = []
    for path in _files(machine):
        with (
            suppress(FileNotFoundError, ValueError),  # gone meanwhile; empty
            path.open("rb") as file,
            mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as content,
        ):
            found += [f"{name} in {path}" for name, needle in needles.items() if content.find(needle) >= 0]
    return found


def _files(machine: Machine) -> Iterator[Path]:
    yield from (path for path in machine.folder.rglob("*") if path.is_file())
    for pid in machine.pids(WEB) + machine.pids(WORKER):
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                # Deleted files and memory that pretends to be one too.
                if stat.S_ISREG(handle.stat().st_mode):
                    yield handle
