"""File names as people have them, and as nobody has them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.content.media_types import MediaType
from vault.content.names import MAX_NAME_CHARACTERS, checked_name, display_name
from vault.errors import BadName

TRICKS = [
    "../../etc/passwd", "..\\..\\boot.ini", "C:\\fakepath\\a.pdf", "/etc/passwd", "a/b.pdf", "..", ".", "a\0.pdf",
    "a\r\nContent-Type: text/html.pdf", "a\tb.pdf", "\u202efdp.exe", "a\u200fb.pdf", "a\u2066b.pdf", "\u2028.pdf",
    "a\x7f.pdf", "a\x9b.pdf", "\ud800.pdf", "x" * 300 + ".pdf",
]  # fmt: skip
FINE = [
    "facture.pdf", "Capture d\u2019écran 2026-03-02 à 10.15.23.png", "IMG_0001.HEIC", "صورة.jpg", "תעודה.pdf",
    "証明書.pdf",
    "a \"quoted\" 'name'.pdf", "<b onclick=1>.pdf", "papa & maman.pdf", "👨\u200d👩\u200d👧.jpg", "%2e%2e%2f.pdf", "",
]  # fmt: skip


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_in_a_name_is_refused(name: str) -> None:
    with pytest.raises(BadName):
        checked_name(name)


@pytest.mark.parametrize("name", FINE)
def test_a_name_of_any_language_is_kept(name: str) -> None:
    assert checked_name(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\fakepath\\facture.pdf", "facture.pdf"),
        ("\u202efdp.exe", "fdp.exe.pdf"),
        ("CON.pdf", "_CON.pdf"),
        ("aux", "_aux.pdf"),
        (".pdf", "pdf.pdf"),
        ("...", "document.pdf"),
        ("", "document.pdf"),
        ("a\r\nb.pdf", "ab.pdf"),
        ("facture.PDF", "facture.PDF"),
        ("photo.jpg", "photo.jpg.pdf"),
        ("a   b .pdf", "a b.pdf"),
    ],
)
def test_a_shown_name_has_lost_its_tricks(name: str, shown: str) -> None:
    assert display_name(name, MediaType.PDF) == shown


@given(name=st.text(max_size=400), media_type=st.sampled_from(MediaType))
def test_every_shown_name_would_pass_at_the_door(name: str, media_type: MediaType) -> None:
    shown = display_name(name, media_type)
    assert checked_name(shown) == shown
    assert len(shown) <= MAX_NAME_CHARACTERS
    assert shown.lower().endswith(media_type.extensions)
