"""The demo's papers: taken at the door like anybody's, always the same, plainly invented."""

from __future__ import annotations

import io
from datetime import date

import pikepdf
import pillow_heif
import pytest
from PIL import Image

from config.clock import SystemClock
from examples.town.papers import TownPaper, citizens, papers_of
from vault.content.media_types import MediaType
from vault.content.names import checked_name
from vault.content.previews import Previews, PreviewState
from vault.content.recognition import HEAD_BYTES, recognise
from vault.content.structure import whole
from vault.document_types import DocumentTypes, Freshness, PaperDates

TODAY = date(2026, 11, 24)
SOME = (0, 1, 2)
"""Between them these citizens have every kind of paper."""


@pytest.fixture(scope="module")
def papers() -> list[TownPaper]:
    return [paper for number in SOME for paper in papers_of(number, TODAY)]


def test_twenty_people_with_addresses_of_their_own() -> None:
    people = citizens()
    assert len(people) == len({who.email for who in people}) == 20
    assert all(who.email.isascii() and who.email.endswith("@town.example") for who in people)
    assert people == citizens()


def test_a_few_people_show_every_kind(papers: list[TownPaper]) -> None:
    assert {paper.media_type for paper in papers} == set(MediaType)
    assert {paper.document_type for paper in papers} == {
        "proof_of_address", "identity_card", "birth_certificate", "family_record_book", "income_tax_notice",
        "rent_receipt", "insurance", "home_insurance", "payslip", "family_quotient",
    }  # fmt: skip


def test_every_paper_is_taken_at_the_door_and_drawn(papers: list[TownPaper]) -> None:
    types, previews = DocumentTypes.load(), Previews(clock=SystemClock())
    for paper in papers:
        types.get(paper.document_type)
        name = checked_name(paper.file_name)
        media_type = recognise(paper.content[:HEAD_BYTES], name, paper.media_type)
        assert media_type == paper.media_type
        made = previews.render(whole([paper.content], media_type), media_type, max_pages=5)
        assert made.state is PreviewState.READY, paper.label
        assert made.page_count == (2 if paper.document_type == "income_tax_notice" else 1)


def test_a_person_has_the_same_papers_each_time() -> None:
    assert papers_of(2, TODAY) == papers_of(2, TODAY)


def test_every_print_says_specimen(papers: list[TownPaper]) -> None:
    for paper in papers:
        if paper.media_type == MediaType.PDF:
            with pikepdf.open(io.BytesIO(paper.content)) as opened:
                assert str(opened.docinfo["/Author"]) == "SPECIMEN"
                assert all(b"(SPECIMEN)" in page.Contents.read_bytes() for page in opened.pages)


def test_the_photograph_lies_on_its_side_and_tells_where_it_was_taken(papers: list[TownPaper]) -> None:
    card = next(paper for paper in papers if paper.document_type == "identity_card")
    exif = Image.open(io.BytesIO(card.content)).getexif()
    assert exif[0x0112] == 6
    assert exif.get_ifd(0x8825)[1] == "N"


def test_the_booklet_is_a_real_heic(papers: list[TownPaper]) -> None:
    book = next(paper for paper in papers if paper.document_type == "family_record_book")
    assert pillow_heif.open_heif(io.BytesIO(book.content)).size == (1600, 1200)


@pytest.mark.parametrize(("number", "outcome"), [(0, Freshness.PASSED), (2, Freshness.FAILED)])
def test_some_bills_are_fresh_and_some_are_not(number: int, outcome: Freshness) -> None:
    """So that the demo shows both."""
    bill = papers_of(number, TODAY)[0]
    dates = PaperDates(issued_on=bill.issued_on)
    assert DocumentTypes.load().get(bill.document_type).check(dates, TODAY) is outcome
