"""A type of paper may ask for a sign-in (RFC 9470): what does, what doesn't, and that a read goes on as it began."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.vault.world import World, pdf
from vault.document_types import DocumentTypes, SignInWanted
from vault.lending import ByteRange
from vault.protocols import Challenged, LendingId, Permission

BOTH = frozenset({"eidas1", "eidas2"})


def lent(world: World, **wanted: Any) -> LendingId:
    """A lending of a paper whose type asks for this sign-in."""
    asking = replace(world.types.get("proof_of_address"), sign_in=SignInWanted(**wanted))
    world.lending._reading._types = DocumentTypes([asking])
    owner = world.owner()
    return world.lend(owner, world.deposit(owner, pdf(1000)))


def permission(world: World, lending: LendingId, acrs: frozenset[str], age: int | None) -> Permission:
    """Of a sign-in of that age, in seconds."""
    signed_in = None if age is None else world.clock.now() - timedelta(seconds=age)
    return replace(world.permission(lending), acrs=acrs, auth_time=signed_in)


ROWS = [
    pytest.param({}, frozenset(), None, True, id="nothing is asked"),
    pytest.param({"acr": "eidas2"}, BOTH, None, True, id="as strong as asked"),
    pytest.param({"acr": "eidas1"}, BOTH, None, True, id="stronger than asked"),
    pytest.param({"acr": "eidas2"}, frozenset({"eidas1"}), 0, False, id="weaker"),
    pytest.param({"max_age": 3600}, frozenset(), 3600, True, id="just as old as it may be"),
    pytest.param({"max_age": 3600}, BOTH, 3601, False, id="a second too old"),
    pytest.param({"max_age": 3600}, BOTH, None, False, id="nobody knows how old"),
]


@pytest.mark.parametrize(("wanted", "acrs", "age", "passes"), ROWS)
def test_a_paper_is_read_after_a_sign_in_that_does_and_no_other(
    small: World, wanted: dict[str, Any], acrs: frozenset[str], age: int | None, passes: bool
) -> None:
    lending = lent(small, **wanted)
    shown = permission(small, lending, acrs, age)
    if passes:
        content = small.lending.read(shown, lending).content
        assert content
        assert b"".join(content) == pdf(1000)
        return
    for ask in (small.lending.read, small.lending.look):
        with pytest.raises(Challenged) as refused:
            ask(shown, lending)
        assert (refused.value.challenge.status, refused.value.challenge.code) == (
            401,
            "insufficient_user_authentication",
        )
    (entry,) = small.entries("read_refused")
    assert (entry["reason"], entry["document_type"]) == ("insufficient_user_authentication", "proof_of_address")
    assert not small.entries("document_read")


def test_a_read_that_began_in_time_goes_on_and_a_new_one_does_not(small: World) -> None:
    lending = lent(small, max_age=3600)
    shown = permission(small, lending, BOTH, 3599)
    first = small.lending.read(shown, lending, byte_range=ByteRange(first=0, last=99)).content
    assert first
    assert len(b"".join(first)) == 100
    small.clock.advance(timedelta(seconds=2))
    assert small.lending.read(shown, lending, byte_range=ByteRange(first=100)).content
    with pytest.raises(Challenged):
        small.lending.read(replace(shown, token_id="another"), lending)
