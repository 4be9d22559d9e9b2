"""Passwords: the rules for new ones, and their argon2id hashes.

NIST SP 800-63B-4 §3.1.1 and CNIL 2022-100: 15 characters where the password stands alone, no rule about kinds of
characters, no renewal, every Unicode character (NFC), and a list of what everybody tries first.
"""

from __future__ import annotations

import base64
import re
import threading
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from citizen_account.errors import WeakPassword
from config.database import assert_outside
from config.identifiers import Randomness

LEAST_CHARACTERS = 15
MOST_CHARACTERS = 256
"""Longer ones are refused rather than cut."""
LEAST_OWN_CHARACTERS = 8
"""So many letters or digits must be left when common words, sequences and words about the person are taken out."""
LEAST_DISTINCT = 6
SHORTEST_WORD = 4
"""Shorter words are too likely to stand inside another one."""
MEMORY_KIB = 19_456
ITERATIONS = 2
LANES = 1
"""OWASP's second choice (19 MiB, t=2, p=1): 22 ms, and many at once fit into a small machine."""
AT_ONCE = 4
"""So many hashes at once in one process: 76 MiB at most."""
SALT_BYTES = 16
COMMON = Path(__file__).parent / "common_passwords.txt"
SEQUENCES = ("01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz", "azertyuiopqsdfghjklmwxcvbn",
             "qwertyuiopasdfghjklzxcvbnm")  # fmt: skip


def normalised(password: str) -> str:
    """The form that is hashed: the same characters typed on another keyboard give the same form (NFC)."""
    return unicodedata.normalize("NFC", password)


def check_rules(password: str, about: Iterable[str] = ()) -> None:
    """Raise `WeakPassword` when a new password breaks a rule.

    about: words about the person and the place: address, names, the city.
    """
    text = normalised(password)
    if len(text) < LEAST_CHARACTERS:
        raise WeakPassword("too_short")
    if len(text) > MOST_CHARACTERS:
        raise WeakPassword("too_long")
    left = _without(text.casefold(), _common_words())
    if _is_little(left):
        raise WeakPassword("common")
    if _is_little(_without(left, _words(about))):
        raise WeakPassword("about_you")


class Passwords:
    """Hashes passwords, and checks them at the same cost whether there is a hash or not."""

    def __init__(self, randomness: Randomness, hasher: PasswordHasher | None = None) -> None:
        """randomness: salts. hasher: another one in tests only."""
        self._randomness = randomness
        self._hasher = hasher or PasswordHasher(time_cost=ITERATIONS, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._room = threading.BoundedSemaphore(AT_ONCE)
        # No password has this hash: what is checked where no account is, so that time tells nothing.
        salt, digest = (base64.b64encode(randomness.bytes(size)).decode().rstrip("=") for size in (16, 32))
        self._nobody = f"$argon2id$v=19$m={MEMORY_KIB},t={ITERATIONS},p={LANES}${salt}${digest}"

    def hash(self, password: str) -> str:
        """The hash to keep, in PHC form. One argon2id computation, outside any transaction."""
        assert_outside("hashing")
        with self._room:
            return self._hasher.hash(normalised(password), salt=self._randomness.bytes(SALT_BYTES))

    def matches(self, kept: str | None, password: str) -> bool:
        """Whether this is the password; False where nothing is kept. One argon2id computation in every case."""
        assert_outside("hashing")
        with self._room:
            try:
                self._hasher.verify(kept or self._nobody, normalised(password)[: MOST_CHARACTERS + 1])
            except (VerifyMismatchError, InvalidHashError):
                return False
        return kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(kept)


def _is_little(text: str) -> bool:
    own = [character for character in text if character.isalnum()]
    return len(own) < LEAST_OWN_CHARACTERS or len(set(own)) < LEAST_DISTINCT


def _without(text: str, words: Iterable[str]) -> str:
    for word in words:
        text = text.replace(word, " ")
    for run in re.findall(r"\w{4,}", text):
        if any(run in sequence for sequence in SEQUENCES):
            text = text.replace(run, " ")
    return text


def _words(texts: Iterable[str]) -> list[str]:
    found = {word for text in texts for word in re.split(r"\W+", normalised(text).casefold())}
    return sorted((word for word in found if len(word) >= SHORTEST_WORD), key=len, reverse=True)


@cache
def _common_words() -> tuple[str, ...]:
    lines = COMMON.read_text(encoding="utf-8").splitlines()
    words = {line.strip() for line in lines if line and not line.startswith("#")}
    return tuple(sorted(words, key=lambda word: (-len(word), word)))
