"""Signing keys: published before they sign, published until their last token is over, sealed at rest."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives import serialization
from joserfc import jwk, jwt
from sqlalchemy import select

from audit.store.entries import entries
from config.database import Database
from oidc.errors import JwtRefused, RotationTooSoon
from oidc.jwts import OWN_ALGORITHMS
from oidc.keys import SigningKeys
from oidc.store import signing_keys
from tests.clocks import FixedClock
from tests.oidc.provider_house import House, json_of, unverified


def published(house: House) -> set[str]:
    return {key["kid"] for key in json_of(house.http.get("/jwks"))["keys"]}


def kid_of(token: str) -> str:
    return str(unverified(token)[0]["kid"])


def test_the_jwks_holds_public_halves_and_says_how_long_to_keep_them(lone: House) -> None:
    answer = lone.http.get("/jwks")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    keys = answer.get_json()["keys"]
    assert sorted(key["alg"] for key in keys) == [alg for alg in sorted(OWN_ALGORITHMS) for _ in range(2)]
    assert not any({"d", "p", "q", "k"} & key.keys() for key in keys)


@pytest.mark.parametrize("alg", OWN_ALGORITHMS)
def test_a_foreign_library_verifies_with_the_published_keys(lone: House, alg: str) -> None:
    client = lone.add(id_token_signed_response_alg=alg)
    token = lone.tokens(client)["id_token"]
    keys = jwk.KeySet.import_key_set(cast("Any", json_of(lone.http.get("/jwks"))))
    assert jwt.decode(token, keys, algorithms=[alg]).claims["aud"] == "school"


def test_the_next_key_is_published_before_it_signs_and_the_old_one_until_its_tokens_are_over(house: House) -> None:
    client = house.add()
    before = published(house)
    old = house.tokens(client)["id_token"]
    with pytest.raises(RotationTooSoon):
        house.signing_keys.rotate(now=False)
    house.clock.advance(timedelta(minutes=5))
    activated = house.signing_keys.rotate(now=False)
    new = house.tokens(client)["id_token"]
    assert kid_of(new) == activated["ES256"] != kid_of(old)
    assert kid_of(new) in before
    house.clock.advance(timedelta(minutes=9))
    assert kid_of(old) in published(house)
    house.clock.advance(timedelta(minutes=1))
    assert kid_of(old) not in published(house)
    assert house.id_tokens.verify_hint(old)["aud"] == "school"


def test_a_retired_key_has_no_private_half(lone: House) -> None:
    lone.signing_keys.rotate(now=True)
    assert all((row.wrapped is None) is (row.state == signing_keys.RETIRED) for row in lone.signing_keys.states())


def test_no_private_key_lies_in_the_database(lone: House) -> None:
    with lone.database.engine.connect() as raw:
        dump = "\n".join(raw.connection.driver_connection.iterdump())  # type: ignore[union-attr]
    for row in lone.signing_keys.states():
        assert row.wrapped is not None
        with pytest.raises(ValueError, match=r".*"):
            serialization.load_der_private_key(row.wrapped, None)
    assert "PRIVATE KEY" not in dump


def test_every_opening_of_a_key_names_an_entry(lone: House) -> None:
    lone.tokens(lone.add())
    with lone.database.reading() as tx:
        known = {row.id for row in tx.execute(select(entries.c.id))}
    causes = lone.key_ring.unwraps(lone.clock.now() - timedelta(days=1))
    assert causes
    assert set(causes) <= known


def test_rewrapping_keeps_every_key(lone: House) -> None:
    client = lone.add()
    token = lone.tokens(client)["id_token"]
    lone.key_ring.rotate(lone.clock.now())
    assert lone.signing_keys.rewrap_all() == 2 * len(OWN_ALGORITHMS)
    assert lone.secret_keys.rewrap_all() == 1
    lone.key_ring.destroy_due(lone.clock.now() + timedelta(days=1))
    fresh = another_node(lone)
    assert fresh.verify_own(token, typ="JWT")["aud"] == "school"
    assert fresh.sign({}, alg="RS256", typ="JWT")


def another_node(house: House) -> SigningKeys:
    return SigningKeys(
        database=house.database,
        key_ring=house.key_ring,
        ledger=house.ledger,
        clock=house.clock,
        randomness=house.rotation._randomness,
    )


def test_rotating_under_load_fails_no_request(house: House, rounds: int) -> None:
    nodes, stop, failures = [another_node(house) for _ in range(3)], threading.Event(), []
    signed: list[str] = []

    def serve(mine: int) -> None:
        while not stop.is_set():
            try:
                token = nodes[mine].sign({"n": len(signed)}, alg="ES256", typ="at+jwt")
                nodes[(mine + 1) % 3].verify_own(token, typ="at+jwt")
                signed.append(token)
            except Exception as error:  # noqa: BLE001 -- whatever it is, a request failed
                failures.append(repr(error))

    threads = [threading.Thread(target=serve, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(rounds * 3):
        house.signing_keys.rotate(now=True)
        house.clock.advance(timedelta(seconds=2))
        served = len(signed) + 50
        while len(signed) < served and not failures:
            stop.wait(0.01)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize("typ", ["JWT", "dpop+jwt", "", "at+jwtx"])
def test_another_type_is_refused(lone: House, typ: str) -> None:
    token = lone.signing_keys.sign({}, alg="ES256", typ="at+jwt")
    with pytest.raises(JwtRefused):
        lone.signing_keys.verify_own(token, typ=typ)


def test_two_processes_make_one_set_of_keys(database: Database, tmp_path: Path, clock: FixedClock) -> None:
    house = House(database, tmp_path / "keys", clock)
    threads = [threading.Thread(target=another_node(house).ensure) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(house.signing_keys.states()) == 2 * len(OWN_ALGORITHMS)
    assert all(json.loads(row.public_jwk)["kid"] == row.kid for row in house.signing_keys.states())
