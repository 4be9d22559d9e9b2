"""Where in the body of an upload something breaks."""

from __future__ import annotations

import random
from collections.abc import Callable

from config.object_store import PART_BYTES
from tests.kills.citizen import Upload
from vault.encryption.stream import SEGMENT_BYTES

SIZES = (100_000, 20_000_000)
"""One request to the store, and three parts."""
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
    "before the answer": lambda _, upload: len(upload.body),
}
