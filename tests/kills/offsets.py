"""Where in the body of an upload something breaks, and uploads that came so far."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import ExitStack

from config.object_store import PART_BYTES
from tests.kills.citizen import Citizen, Upload, paper
from vault.encryption.stream import SEGMENT_BYTES

SIZES = (100_000, 20_000_000)
"""One request to the store, and three parts."""
LAST = "before the answer"
AROUND = 2 * SEGMENT_BYTES
"""How far around a part's end the store's work for it is still going on."""


def _near_a_part(chance: random.Random, upload: Upload) -> int:
    parts = max(1, len(upload.content) // PART_BYTES)
    border = upload.file_begins + min(chance.randint(1, parts) * PART_BYTES, len(upload.content))
    return max(0, min(border + chance.randint(-AROUND, AROUND), len(upload.body) - 1))


STAGES: dict[str, Callable[[random.Random, Upload], int]] = {
    "before the file": lambda chance, upload: chance.randint(0, upload.file_begins),
    "first segment": lambda chance, upload: upload.file_begins + chance.randint(1, SEGMENT_BYTES),
    "anywhere": lambda chance, upload: chance.randint(upload.file_begins, len(upload.body) - 1),
    "border of a part": _near_a_part,
    "but one byte": lambda _, upload: len(upload.body) - 1,
    LAST: lambda _, upload: len(upload.body),
}


def begun(person: Citizen, chance: random.Random, sockets: ExitStack) -> dict[tuple[str, int], Upload]:
    """An upload of each size at each stage, begun in any order; `sockets` closes them."""
    cases = [(stage, size) for stage in STAGES for size in SIZES]
    uploads = {}
    for stage, size in chance.sample(cases, len(cases)):
        upload = sockets.enter_context(Upload(person, paper(size, chance)))
        upload.advance(STAGES[stage](chance, upload))
        uploads[stage, size] = upload
    return uploads
