"""kill -9 of the store in the middle of uploads: an honest answer to each person, nothing acknowledged is lost."""

from __future__ import annotations

import http
import random
from contextlib import ExitStack

from tests.kills.citizen import citizen
from tests.kills.machine import STORE, Machine
from tests.kills.offsets import begun
from tests.kills.promises import Promises

HONEST = b"We could not lock your paper away and kept nothing of it."


def test_no_kill_of_the_store_loses_an_acknowledged_paper(
    machine: Machine, promises: Promises, chance: random.Random, rounds: int
) -> None:
    person = citizen(machine)
    for _ in range(rounds):
        with ExitStack() as sockets:
            uploads = begun(person, chance, sockets)
            machine.kill(STORE)
            if chance.random() < 1 / 2:  # it is back before the rest of the papers comes
                machine.start_store()
            for upload in uploads.values():
                upload.advance(len(upload.body))
            answers = {case: upload.answer() for case, upload in uploads.items()}
        if machine.processes[STORE].poll() is not None:
            machine.start_store()
        machine.wait(STORE, machine.store_serves)
        for case, answer in answers.items():
            assert answer is not None, (case, "no answer")
            if answer.receipt:
                promises.acknowledge(person, answer.receipt, uploads[case].content)
            else:
                assert answer.status == http.HTTPStatus.SERVICE_UNAVAILABLE, (case, answer)
                assert HONEST in answer.body, case
        promises.check()
    promises.check_after_a_day()
