"""The outbox: a job commits with its change, is done at least once, and is never lost silently."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import pytest

from config.database import Database
from config.errors import HopelessJob
from config.identifiers import SystemRandomness
from config.jobs import DIED, LEASE, TRIES, Jobs, Payload
from tests.clocks import START, FixedClock


@dataclass(frozen=True, slots=True)
class Greet(Payload):
    kind: ClassVar[str] = "greet"
    who: str


@pytest.fixture
def jobs(database: Database, clock: FixedClock) -> Jobs:
    return Jobs(database, clock, SystemRandomness())


def ask(database: Database, jobs: Jobs, who: str = "alice", **more: object) -> None:
    with database.transaction() as tx:
        jobs.enqueue(tx, Greet(who), **more)  # type: ignore[arg-type]


def test_a_job_runs_once_after_its_change_committed(database: Database, jobs: Jobs) -> None:
    done: list[str] = []
    jobs.register(Greet, lambda job: done.append(job.who))
    ask(database, jobs)
    assert jobs.run_due() == 1
    assert jobs.run_due() == 0
    assert done == ["alice"]


def test_a_job_of_a_change_that_rolled_back_never_runs(database: Database, jobs: Jobs) -> None:
    with contextlib.suppress(ZeroDivisionError), database.transaction() as tx:
        jobs.enqueue(tx, Greet("nobody"))
        _ = 1 // 0
    assert jobs.run_due() == 0


def test_a_hopeless_job_is_set_aside_at_once_and_begun_again_on_request(database: Database, jobs: Jobs) -> None:
    def refuse(_job: Greet) -> None:
        raise HopelessJob

    jobs.register(Greet, refuse)
    ask(database, jobs)
    assert (jobs.run_due(), jobs.run_due()) == (1, 0)
    [failed] = jobs.failed()
    assert (failed.tries, failed.error) == (1, "HopelessJob")
    with database.transaction() as tx:
        assert jobs.retry(tx, failed.id) == "greet"
    assert jobs.run_due() == 1


def test_a_failing_job_backs_off_and_is_set_aside_after_its_tries(
    database: Database,
    jobs: Jobs,
    clock: FixedClock,
) -> None:
    tries: list[int] = []

    def fail(_job: Greet) -> None:
        tries.append(1)
        raise ConnectionError

    jobs.register(Greet, fail)
    ask(database, jobs)
    for _ in range(TRIES):
        assert jobs.run_due() == 1
        assert jobs.run_due() == 0  # not before its delay
        clock.advance(timedelta(hours=1))
    assert len(tries) == TRIES
    assert jobs.run_due() == 0
    (failed,) = jobs.failed()
    assert (failed.kind, failed.error) == ("greet", "ConnectionError")
    jobs.register(Greet, lambda _job: None)
    assert failed.failed_at == clock.now() - timedelta(hours=1)
    with database.transaction() as tx:
        assert jobs.retry(tx, "another") is None
        assert jobs.retry(tx, failed.id) == "greet"
    assert jobs.run_due() == 1
    assert jobs.failed() == []


def test_a_job_whose_worker_died_is_begun_again_after_its_lease(
    database: Database,
    jobs: Jobs,
    clock: FixedClock,
) -> None:
    class Died(BaseException):
        """kill -9, as far as Python can play it."""

    def die(_job: Greet) -> None:
        raise Died

    jobs.register(Greet, die)
    ask(database, jobs)
    with pytest.raises(Died):
        jobs.run_due()
    done: list[str] = []
    jobs.register(Greet, lambda job: done.append(job.who))
    assert jobs.run_due() == 0
    clock.advance(LEASE)
    assert jobs.run_due() == 1
    assert done == ["alice"]


def test_a_job_that_takes_long_keeps_its_lease(database: Database, jobs: Jobs, clock: FixedClock) -> None:
    other = Jobs(database, clock, SystemRandomness())
    begun: list[int] = []

    def slow(_job: Greet) -> None:
        for _ in range(5):
            clock.advance(LEASE - timedelta(seconds=1))
            assert jobs.renew()
            begun.append(other.run_due())

    for worker in (jobs, other):
        worker.register(Greet, slow)
    ask(database, jobs)
    assert jobs.run_due() == 1
    assert begun == [0] * 5
    assert not jobs.renew()
    clock.advance(LEASE)
    assert other.run_due() == 0


@pytest.mark.parametrize("error", [None, ConnectionError()], ids=["done", "failed"])
def test_a_worker_that_lost_its_lease_changes_nothing_of_the_job(
    database: Database, jobs: Jobs, clock: FixedClock, error: Exception | None
) -> None:
    other, done = Jobs(database, clock, SystemRandomness()), []

    def suspended(job: Greet) -> None:
        clock.advance(LEASE)
        other.register(Greet, in_the_meantime)
        assert other.run_due() == 1

    def in_the_meantime(job: Greet) -> None:
        assert not jobs.renew()
        done.append(job.who)
        if error:
            raise error

    jobs.register(Greet, suspended)
    ask(database, jobs)
    assert jobs.run_due() == 1
    jobs.register(Greet, lambda job: done.append(job.who))
    clock.advance(timedelta(minutes=1))
    assert jobs.run_due() == (1 if error else 0)
    assert len(done) == (2 if error else 1)


def test_a_job_that_ends_its_worker_each_time_is_set_aside(database: Database, jobs: Jobs, clock: FixedClock) -> None:
    def die(_job: Greet) -> None:
        raise SystemExit

    jobs.register(Greet, die)
    ask(database, jobs)
    for _ in range(TRIES):
        with pytest.raises(SystemExit):
            jobs.run_due()
        clock.advance(LEASE)
    ask(database, jobs, "bob")
    jobs.register(Greet, lambda _job: None)
    assert jobs.run_due() == 1  # the other one is not held up
    (failed,) = jobs.failed()
    assert (failed.tries, failed.error) == (TRIES, DIED)


def test_of_one_key_one_job_waits(database: Database, jobs: Jobs) -> None:
    jobs.register(Greet, lambda _job: None)
    ask(database, jobs, unique="k")
    ask(database, jobs, unique="k")
    assert jobs.run_due() == 1
    ask(database, jobs, unique="k")
    assert jobs.run_due() == 1


def test_a_job_waits_for_its_time(database: Database, jobs: Jobs, clock: FixedClock) -> None:
    jobs.register(Greet, lambda _job: None)
    ask(database, jobs, run_at=clock.now() + timedelta(minutes=5))
    assert jobs.run_due() == 0
    clock.advance(timedelta(minutes=5))
    assert jobs.run_due() == 1


def test_two_workers_share_the_work_and_do_nothing_twice(database: Database, jobs: Jobs, clock: FixedClock) -> None:
    done: list[str] = []
    for number in range(40):
        ask(database, jobs, str(number))

    def work() -> None:
        mine = Jobs(database, clock, SystemRandomness())
        mine.register(Greet, lambda job: done.append(job.who))
        while mine.run_due(5):
            pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done, key=int) == [str(n) for n in range(40)]


def test_a_periodic_job_has_one_leader_and_a_failure_stops_no_other(
    database: Database,
    jobs: Jobs,
    clock: FixedClock,
) -> None:
    runs: list[str] = []

    def broken() -> None:
        runs.append("broken")
        raise ValueError

    other = Jobs(database, clock, SystemRandomness())
    for worker in (jobs, other):
        worker.every("broken", timedelta(minutes=1), broken)
        worker.every("sweep", timedelta(minutes=1), lambda: runs.append("sweep"))
    for worker in (jobs, other):
        worker.run_periodic()
    assert sorted(runs) == ["broken", "sweep"]
    clock.advance(timedelta(minutes=1))
    for worker in (other, jobs):
        worker.run_periodic()
    assert sorted(runs) == ["broken", "broken", "sweep", "sweep"]


def test_a_clock_that_was_ahead_stops_no_periodic_job(database: Database) -> None:
    runs: list[int] = []
    for days in (365, 0):
        worker = Jobs(database, FixedClock(START + timedelta(days=days)), SystemRandomness())
        worker.every("sweep", timedelta(hours=1), lambda: runs.append(1))
        worker.run_periodic()
        worker.run_periodic()
    assert runs == [1, 1]
