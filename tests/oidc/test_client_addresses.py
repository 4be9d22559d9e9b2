"""What clients keep elsewhere: their keys (jwks_uri) and the list of their hosts (sector_identifier_uri)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwk
from werkzeug.test import TestResponse

from config.database import Database
from config.outgoing import Outgoing
from config.settings import Outgoing as OutgoingSettings
from oidc.client_authentication.private_key import ASSERTION_TYPE
from oidc.errors import InvalidClientMetadata
from tests.certificates import Authority
from tests.clocks import FixedClock
from tests.oidc.asking import parameters
from tests.oidc.provider_house import ISSUER, REDIRECT, ClientKey, House, metadata
from tests.other_server import Other, serving

HOST = "partner.example"


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Other]:
    with serving(Authority(tmp_path).issue(HOST)) as running:
        yield running


@pytest.fixture
def house(sqlite: Database, tmp_path: Path, clock: FixedClock, other: Other) -> House:
    """A provider that may call the partner: its name leads to loopback."""
    settings = OutgoingSettings(allow_hosts=(HOST,), ca_file=str(next(tmp_path.glob("Test-authority.pem"))))
    outgoing = Outgoing(settings, resolve=lambda _host, port: [("127.0.0.1", port)])
    return House(sqlite, tmp_path / "keys", clock, outgoing=outgoing)


def client_key(house: House, kid: str) -> ClientKey:
    private = jwk.ECKey.import_key(ec.generate_private_key(ec.SECP256R1()), {"kid": kid})
    return ClientKey(house.clock, private)


def status(house: House, key: ClientKey, kid: str | None) -> int:
    """Of an answer at the smallest endpoint behind client authentication."""
    assertion = key.assertion("remote", header={"kid": kid}, jti=f"j{len(house.used)}")
    house.used.append(assertion)
    form = {"token": "x", "client_assertion": assertion, "client_assertion_type": ASSERTION_TYPE}
    return house.http.post("/revoke", data=form).status_code


def remote(house: House, other: Other, *keys: ClientKey, **more: Any) -> None:
    other.documents["/jwks"] = {"keys": [*(key.public for key in keys), *more.get("odd", [])]}
    uri = f"https://{HOST}:{other.port}/jwks"
    house.add("remote", token_endpoint_auth_method="private_key_jwt", client_secret=None, jwks_uri=uri)


def test_keys_are_fetched_once_and_kept_a_while(house: House, other: Other) -> None:
    key = client_key(house, "one")
    remote(house, other, key, odd=[{"kty": "unknown"}, {"kty": "oct", "k": "AAAA"}, "x"])
    assert [status(house, key, kid) for kid in ("one", "one", None)] == [200, 200, 200]
    assert len(other.asked) == 1
    house.clock.advance(timedelta(minutes=6))
    assert status(house, key, "one") == 200
    assert len(other.asked) == 2


def test_a_new_key_works_at_once_and_one_taken_away_no_longer(house: House, other: Other) -> None:
    old, new = client_key(house, "old"), client_key(house, "new")
    remote(house, other, old)
    assert status(house, old, "old") == 200
    house.clock.advance(timedelta(seconds=11))
    other.documents["/jwks"] = {"keys": [new.public]}
    assert status(house, new, "new") == 200
    assert status(house, old, "old") == 401


def test_unknown_keys_do_not_make_us_ask_at_each_try(house: House, other: Other) -> None:
    key = client_key(house, "one")
    remote(house, other, key)
    assert status(house, key, "one") == 200
    assert {status(house, client_key(house, f"x{n}"), f"x{n}") for n in range(5)} == {401}
    assert len(other.asked) == 1


def test_while_the_address_is_down_the_last_keys_count_for_an_hour(house: House, other: Other) -> None:
    key = client_key(house, "one")
    remote(house, other, key)
    assert status(house, key, "one") == 200
    del other.documents["/jwks"]  # no JSON from now on
    house.clock.advance(timedelta(minutes=30))
    assert status(house, key, "one") == 200
    house.clock.advance(timedelta(minutes=31))
    assert status(house, key, "one") == 401


@pytest.mark.parametrize(
    "document",
    [[], {}, {"keys": {}}, {"keys": [{}] * 21}, "x", None],
    ids=["list", "empty", "keys", "21", "text", "null"],
)
def test_a_set_that_is_none_authenticates_nobody(house: House, other: Other, document: object) -> None:
    key = client_key(house, "one")
    remote(house, other, key)
    other.documents["/jwks"] = document
    assert status(house, key, "one") == 401


@pytest.mark.parametrize(
    ("document", "is_taken"),
    [
        pytest.param([REDIRECT, "https://other.example/"], True, id="lists it"),
        pytest.param(["https://other.example/"], False, id="lists others"),
        pytest.param([f"{REDIRECT}/"], False, id="lists one nearly the same"),
        pytest.param([], False, id="lists none"),
        pytest.param({"redirect_uris": [REDIRECT]}, False, id="no array"),
    ],
)
def test_a_sector_lists_every_redirect_uri(house: House, other: Other, document: object, is_taken: bool) -> None:
    other.documents["/sector"] = document
    uri = f"https://{HOST}:{other.port}/sector"
    if is_taken:
        assert house.add(sector_identifier_uri=uri).sector == HOST
        return
    with pytest.raises(InvalidClientMetadata, match="sector_identifier_uri"):
        house.add(sector_identifier_uri=uri)
    assert house.clients.all() == []


@pytest.mark.parametrize("name", ["sector_identifier_uri", "jwks_uri"])
@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "2130706433", "localhost", "169.254.169.254"])
def test_the_citys_own_network_is_never_called(lone: House, name: str, host: str) -> None:
    with serving(None) as inside:
        uri = f"https://{host}:{inside.port}/x"
        client = metadata(
            "remote", **{name: uri, "token_endpoint_auth_method": "private_key_jwt", "client_secret": None}
        )
        if name == "sector_identifier_uri":
            client["jwks"] = {"keys": [client_key(lone, "one").public]}
            with pytest.raises(InvalidClientMetadata):
                lone.clients.add(client, actor="tests")
        else:
            lone.clients.add(client, actor="tests")
            assert status(lone, client_key(lone, "one"), "one") == 401
        assert inside.connections == 0


def by_reference(house: House, other: Other, key: ClientKey, path: str, *, registered: str = "/object") -> TestResponse:
    """A request by reference of a client that registered one address."""
    now = int(house.clock.now().timestamp())
    claims = {"iss": "school", "aud": ISSUER, "exp": now + 60, **parameters()}
    other.bodies["/object"] = key.sign({"alg": "ES256", "typ": "oauth-authz-req+jwt"}, claims).encode()
    base = f"https://{HOST}:{other.port}"
    house.add(jwks={"keys": [key.public]}, request_uris=[f"{base}{registered}"])
    return house.http.get("/authorize", query_string={"client_id": "school", "request_uri": f"{base}{path}"})


@pytest.mark.parametrize("path", ["/object", "/object#sha256"])
def test_a_request_object_is_fetched_from_where_it_was_registered(house: House, other: Other, path: str) -> None:
    asked = by_reference(house, other, client_key(house, "k1"), path, registered=path)
    assert asked.location.startswith("/sign-in")
    assert [request[1] for request in other.asked] == ["/object"]


@pytest.mark.parametrize("path", ["/other", "/object?x=1", "/object/", "/OBJECT"])
def test_no_other_address_is_called(house: House, other: Other, path: str) -> None:
    assert by_reference(house, other, client_key(house, "k1"), path).status_code == 400
    assert other.connections == 0


def test_a_reference_of_a_client_that_registered_none_is_not_called(house: House, other: Other) -> None:
    house.add()
    uri = f"https://{HOST}:{other.port}/object"
    refused = house.http.get("/authorize", query_string={"client_id": "school", "request_uri": uri})
    assert (refused.status_code, other.connections) == (400, 0)
