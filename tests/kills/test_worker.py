"""kill -9 of the worker while it draws, sequences and sweeps: each job is done once in effect, the ledger goes on."""

from __future__ import annotations

import os
import random
import select
from datetime import timedelta

from sqlalchemy import insert, update

from config.jobs import queue
from config.periodic import periodic
from tests.kills.citizen import Citizen, citizen, paper
from tests.kills.machine import WORKER, Machine
from tests.kills.promises import Promises
from vault.retention import ABANDONED_AFTER
from vault.store.intents import intents

PAPERS = 3
"""Deposited for each kill: as many pictures to draw, and entries to sequence."""
ABANDONED = 20
"""Objects for each kill that the sweep must find by their intents."""
MOST_SECONDS_INTO_THE_WORK = 1.5


def test_no_kill_of_the_worker_loses_or_repeats_a_job(
    machine: Machine, promises: Promises, chance: random.Random, rounds: int
) -> None:
    person = citizen(machine)
    machine.kill(WORKER)
    for _ in range(rounds):
        _leave_work(machine, promises, person, chance)
        machine.start_worker()
        machine.wait(WORKER, lambda: _begun(machine))
        _wait_or_end(machine, chance.uniform(0, MOST_SECONDS_INTO_THE_WORK))
        machine.kill(WORKER)
        promises.check()
        _end_leases(machine)
    # A sweep that was cut short comes again when its hour does; a worker looks at the hour when it starts.
    _make_sweeps_due(machine)
    machine.start_worker()
    while left := promises.left_behind():
        machine.wait(WORKER, lambda left=left: len(promises.left_behind()) < len(left))  # type: ignore[misc]
    promises.check_after_a_day()


def _leave_work(machine: Machine, promises: Promises, person: Citizen, chance: random.Random) -> None:
    """Papers without pictures, entries without a place, abandoned objects, and every sweep due."""
    for _ in range(PAPERS):
        content = paper(100_000, chance)
        promises.acknowledge(person, person.upload(content).receipt, content)
    house = machine.house
    names = [f"papers/2026/11/{chance.randbytes(13).hex()}" for _ in range(ABANDONED)]
    long_ago = house.clock.now() - ABANDONED_AFTER - timedelta(hours=1)
    with house.database.transaction() as tx:
        tx.execute(insert(intents), [{"object_name": name, "began_at": long_ago} for name in names])
    _make_sweeps_due(machine)
    for name in names[::2]:  # the others were never written
        house.stores["papers"].put(name, b"half a paper")


def _make_sweeps_due(machine: Machine) -> None:
    with machine.house.database.transaction() as tx:
        tx.execute(update(periodic).values(next_at=machine.house.clock.now()))


def _begun(machine: Machine) -> bool:
    """Whether a job or a sweep is in hand."""
    with machine.house.database.reading() as tx:
        leased = tx.execute(queue.select().where(queue.c.leased_until.is_not(None))).first()
        swept = tx.execute(periodic.select().where(periodic.c.next_at > machine.house.clock.now())).first()
    return leased is not None or swept is not None


def _wait_or_end(machine: Machine, seconds: float) -> None:
    """Let it work; it may not end by itself."""
    handle = os.pidfd_open(machine.processes[WORKER].pid)
    ended, _, _ = select.select([handle], [], [], seconds)
    os.close(handle)
    assert not ended, "the worker ended by itself"


def _end_leases(machine: Machine) -> None:
    with machine.house.database.transaction() as tx:
        tx.execute(
            update(queue).where(queue.c.leased_until.is_not(None)).values(leased_until=machine.house.clock.now())
        )
