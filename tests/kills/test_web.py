"""kill -9 of the web server in the middle of uploads: what was acknowledged is there, what was not leaves nothing."""

from __future__ import annotations

import random
import select
from contextlib import ExitStack

from tests.kills.citizen import citizen, paper
from tests.kills.machine import WEB, Machine
from tests.kills.offsets import LAST, SIZES, begun
from tests.kills.promises import Promises

MOST_SECONDS_BEFORE_THE_ANSWER = 0.5
"""About what an answer takes after the last byte, so that kills fall before, into and after the commit."""


def test_no_kill_of_the_web_server_loses_an_acknowledged_paper(
    machine: Machine, promises: Promises, chance: random.Random, rounds: int
) -> None:
    person = citizen(machine)
    for _ in range(rounds):
        with ExitStack() as sockets:
            uploads = begun(person, chance, sockets)
            waiting = [upload.socket for (stage, _), upload in uploads.items() if stage == LAST]
            select.select(waiting, [], [], chance.uniform(0, MOST_SECONDS_BEFORE_THE_ANSWER))
            machine.kill(WEB)
            answers = {case: upload.answer() for case, upload in uploads.items()}
        machine.start_web()
        for case, answer in answers.items():
            if answer is None:
                continue
            assert case[0] == LAST
            assert answer.receipt, (case, answer)
            promises.acknowledge(person, answer.receipt, uploads[case].content)
        promises.check()
    again = paper(SIZES[0], chance)
    promises.acknowledge(person, person.upload(again).receipt, again)
    promises.check_after_a_day()
