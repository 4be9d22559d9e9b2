"""The rules for new passwords: length, every sign, nothing that everybody tries, no other rule."""

from __future__ import annotations

import unicodedata

import pytest
from argon2 import PasswordHasher

from citizen_account.errors import WeakPassword
from citizen_account.passwords import Passwords, check_rules
from config.database import Database
from config.errors import TransactionError
from config.identifiers import SystemRandomness


@pytest.mark.parametrize(
    "password",
    [
        "the boats sleep at four",
        "quatre chats verts dansent",
        "пятнадцать букв здесь",
        "🐈🐕🦔🐎🦊🐇🐢🦉 et plus encore",
        "onlylowercaseletterswithoutspaces",
        "k7#Qz!2mVx9$Lp4",
        "a very long sentence of more than sixty-four characters is as good as any other one here",
    ],
)
def test_a_good_password_is_taken(password: str) -> None:
    check_rules(password, ("alice@example.org", "City of Example"))


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("fourteen chars", "too_short"),
        ("é" * 14, "too_short"),
        ("e\u0301" * 14, "too_short"),
        ("x" * 257, "too_long"),
        ("aaaaaaaaaaaaaaaa", "common"),
        ("123456789012345", "common"),
        ("passwordpassword", "common"),
        ("MotDePasse2026!!", "common"),
        ("azertyuiopqsdfgh", "common"),
        ("soleil soleil soleil", "common"),
        ("alice.martin@example.org", "about_you"),
        ("city of example city", "about_you"),
    ],
)
def test_a_password_that_everybody_tries_is_not(password: str, reason: str) -> None:
    with pytest.raises(WeakPassword) as refused:
        check_rules(password, ("alice.martin@example.org", "City of Example"))
    assert refused.value.reason == reason


def passwords() -> Passwords:
    return Passwords(SystemRandomness(), PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def test_the_same_signs_typed_on_another_keyboard_match() -> None:
    made = passwords()
    text = "les élèves rêvent à Noël"
    assert made.matches(made.hash(unicodedata.normalize("NFD", text)), unicodedata.normalize("NFC", text))
    assert not made.matches(made.hash(text), text.upper())


def test_nothing_matches_where_nothing_is_kept() -> None:
    assert not passwords().matches(None, "")


def test_no_hash_is_computed_in_a_transaction(sqlite: Database) -> None:
    with sqlite.transaction(), pytest.raises(TransactionError):
        passwords().hash("the boats sleep at four")
