"""Receipts: a self-contained proof that one entry is in the log (C2SP tlog-proof).

c2sp.org/tlog-proof@v1
extra <base64>         omitted when empty
index <decimal>
<base64 hash>          one line for each hash of the inclusion path
<blank line>
<checkpoint>           the signed note
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from audit.errors import VerificationError
from audit.tlog import checkpoint as notes
from audit.tlog import merkle
from audit.tlog.checkpoint import Checkpoint, Verifier

HEADING = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")
_EXTRA = "extra "
LONGEST_PATH = 63


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt's parts. `extra` is ours: JSON with the leaf and the fields."""

    index: int
    path: tuple[bytes, ...]
    extra: bytes
    checkpoint: str

    def encode(self) -> str:
        """The text of the receipt."""
        lines = [HEADING]
        if self.extra:
            lines.append(_EXTRA + base64.b64encode(self.extra).decode())
        lines.append(f"index {self.index}")
        lines += [base64.b64encode(digest).decode() for digest in self.path]
        return "\n".join(lines) + "\n\n" + self.checkpoint

    @classmethod
    def parse(cls, text: str) -> Receipt:
        """The reverse, strict: what parses encodes to the same text. Raises `VerificationError`."""
        head, separator, checkpoint = text.partition("\n\n")
        heading, *lines = head.split("\n")
        if not separator or heading != HEADING or not lines:
            message = "this is no receipt of a log"
            raise VerificationError(message)
        extra = _decode(lines.pop(0).removeprefix(_EXTRA)) if lines[0].startswith(_EXTRA) else b""
        match = _INDEX.fullmatch(lines[0]) if lines else None
        if match is None or len(lines) - 1 > LONGEST_PATH:
            message = "the receipt's index or path is malformed"
            raise VerificationError(message)
        path = tuple(_decode(line) for line in lines[1:])
        if any(len(digest) != merkle.HASH_BYTES for digest in path):
            message = "the receipt's path is malformed"
            raise VerificationError(message)
        parsed = cls(int(match[1]), path, extra, checkpoint)
        if parsed.encode() != text:
            message = "the receipt is not in its one form"
            raise VerificationError(message)
        return parsed

    def verify(self, leaf: bytes, verifier: Verifier) -> Checkpoint:
        """The checkpoint that proves the leaf at this index. Raises `VerificationError`."""
        checkpoint = notes.verify(self.checkpoint, verifier)
        merkle.verify_inclusion(merkle.leaf_hash(leaf), self.index, checkpoint.size, self.path, checkpoint.root)
        return checkpoint


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        message = "the receipt holds something that is not base64"
        raise VerificationError(message) from error
