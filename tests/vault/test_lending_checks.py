"""What lending refuses, whoever chose the papers: each row changes one thing of a release that is right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from config.identifiers import new_id
from tests.vault.world import DETAIL, SCHOOL, World
from vault.document_types import PaperDates
from vault.errors import (
    DocumentChanged,
    NotAllowedToAsk,
    PaperNotAsked,
    PaperTooMany,
    PaperTooOld,
    UnknownDocument,
    UnknownOwner,
)
from vault.protocols import DocumentId, OwnerId
from vault.store.lendings import lendings


def release(world: World, papers: list[DocumentId], owner: OwnerId, **changed: Any) -> None:
    """Lend what is right, or one thing of it changed."""
    asked = {"contract": {"purposes": {"school_enrolment": SCHOOL}}, "detail": DETAIL, **changed}
    safe = world.lending.open(owner)
    with world.database.transaction() as tx:
        world.lending.lend(tx, safe=safe, client_id="school", documents=papers, grant=new_id(world.randomness), **asked)


def test_what_is_right_is_lent_for_as_long_and_as_often_as_contract_and_detail_say(world: World) -> None:
    owner = world.owner()
    lending = world.lend(owner, world.deposit(owner), detail={"duration": "P7D"}, reads_allowed=3)
    (view,) = world.lending.of_owner(owner)
    assert view.lending == lending
    assert view.until == world.clock.now() + timedelta(days=7)
    assert (view.reads_allowed, view.purpose, view.document_type) == (3, "school_enrolment", "proof_of_address")


ASKED_WRONGLY = [
    pytest.param({"contract": {}}, "purpose", id="no contract"),
    pytest.param(
        {"contract": {"purposes": {"school_enrolment": {**SCHOOL, "document_types": ["passport"]}}}},
        "contract",
        id="the type has left the contract",
    ),
    pytest.param(
        {"contract": {"purposes": {"school_enrolment": {**SCHOOL, "max_duration": "P7D"}}}},
        "longer",
        id="the contract's time has become shorter",
    ),
    pytest.param({"detail": {**DETAIL, "purpose": "curiosity"}}, "curiosity", id="a purpose that nobody knows"),
    pytest.param({"detail": {**DETAIL, "duration": "P2Y"}}, "longer", id="longer than the contract"),
]


@pytest.mark.parametrize(("changed", "named"), ASKED_WRONGLY)
def test_what_may_not_be_asked_is_not_lent_either(world: World, changed: dict[str, Any], named: str) -> None:
    owner = world.owner()
    paper = world.deposit(owner)
    with pytest.raises(NotAllowedToAsk) as refused:
        release(world, [paper], owner, **changed)
    assert named in refused.value.named
    assert world.count(lendings) == 0


def _of_another_type(world: World, owner: OwnerId) -> list[DocumentId]:
    return [world.deposit(owner, document_type="identity_card")]


def _printed_too_long_ago(world: World, owner: OwnerId) -> list[DocumentId]:
    return [world.deposit(owner, dates=PaperDates(issued_on=date(2026, 7, 1)))]


def _deposited_too_long_ago(world: World, owner: OwnerId) -> list[DocumentId]:
    paper = world.deposit(owner)
    world.clock.advance(timedelta(days=93))
    return [paper]


def _twice(world: World, owner: OwnerId) -> list[DocumentId]:
    return [world.deposit(owner)] * 2


def _one_too_many(world: World, owner: OwnerId) -> list[DocumentId]:
    return [world.deposit(owner), world.deposit(owner)]


UNFIT = [
    pytest.param(_of_another_type, PaperNotAsked, id="a paper of a type that was not asked for"),
    pytest.param(_printed_too_long_ago, PaperTooOld, id="a paper printed over three months ago"),
    pytest.param(_deposited_too_long_ago, PaperTooOld, id="a paper without a date that lay here over three months"),
    pytest.param(_twice, PaperTooMany, id="the same paper twice"),
    pytest.param(_one_too_many, PaperTooMany, id="a second paper where one is asked"),
]


@pytest.mark.parametrize(("choose", "refusal"), UNFIT)
def test_a_paper_that_does_not_answer_the_question_is_not_lent_whatever_the_page_said(
    world: World, choose: Callable[[World, OwnerId], list[DocumentId]], refusal: type[Exception]
) -> None:
    owner = world.owner()
    chosen = choose(world, owner)
    with pytest.raises(refusal) as refused:
        release(world, chosen, owner)
    assert refused.value.document == chosen[-1]  # type: ignore[attr-defined]
    assert world.count(lendings) == 0
    assert not world.entries("document_lent")


def test_of_several_papers_none_is_lent_when_one_does_not_answer(world: World) -> None:
    owner = world.owner()
    two = [world.deposit(owner, document_type="identity_card"), world.deposit(owner, document_type="rent_receipt")]
    nursery = {"document_types": ["identity_card", "passport", "rent_receipt"]}
    detail = {**DETAIL, "purpose": "nursery", "document_types": ["identity_card", "passport"]}
    with pytest.raises(PaperNotAsked):
        release(world, two, owner, contract={"purposes": {"nursery": nursery}}, detail=detail)
    assert world.count(lendings) == 0


def test_a_question_about_each_parent_takes_two_papers_and_no_third(world: World) -> None:
    owner = world.owner()
    cards = [world.deposit(owner, document_type="identity_card") for _ in range(3)]
    asked: dict[str, Any] = {
        "contract": {"purposes": {"nursery": {"document_types": ["identity_card"]}}},
        "detail": {**DETAIL, "purpose": "nursery", "document_types": ["identity_card"]},
    }
    release(world, cards[:2], owner, **asked)
    assert len(world.lending.of_owner(owner)) == 2
    with pytest.raises(PaperTooMany):
        release(world, cards, owner, **asked)
    assert len(world.lending.of_owner(owner)) == 2


def test_a_foreign_or_erased_paper_is_not_lent(world: World) -> None:
    owner, other = world.owner(), world.owner()
    foreign, erased = world.deposit(other), world.deposit(owner)
    world.documents.delete(owner, erased)
    for paper in (foreign, erased, DocumentId("made-up")):
        with pytest.raises(UnknownDocument):
            release(world, [paper], owner)
    assert world.count(lendings) == 0


def test_a_safe_that_is_gone_opens_no_more(world: World) -> None:
    with pytest.raises(UnknownOwner):
        world.lending.open(OwnerId("nobody"))


def test_a_paper_whose_key_was_replaced_between_choosing_and_lending_is_looked_at_again(world: World) -> None:
    owner = world.owner()
    stays, goes = world.deposit(owner), world.deposit(owner)
    safe = world.lending.open(owner)
    world.documents.delete(owner, goes)
    world.jobs.run_due()  # every key of the safe is made anew
    with pytest.raises(DocumentChanged), world.database.transaction() as tx:
        world.lending.lend(
            tx,
            safe=safe,
            client_id="school",
            contract={"purposes": {"school_enrolment": SCHOOL}},
            detail=DETAIL,
            documents=[stays],
            grant="g",
        )
    release(world, [stays], owner)
    assert world.count(lendings) == 1


def test_opening_a_safe_to_lend_is_an_entry_when_its_keys_were_closed(world: World) -> None:
    owner = world.owner()
    world.deposit(owner)
    world.clock.advance(timedelta(seconds=61))
    world.lending.open(owner)
    (entry,) = world.entries("document_opened")
    assert entry["what"] == "descriptions"
    assert entry["id"] in world.ring.unwraps(world.clock.now())
