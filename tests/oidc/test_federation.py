"""OpenID Federation 1.0: clients by a chain of trust. One valid chain, one thing changed for each refusal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from config.database import Database, metadata
from config.errors import ConfigurationError
from config.outgoing import Outgoing
from config.settings import load_settings
from oidc.client_authentication.private_key import ASSERTION_TYPE
from oidc.diagnosis import UNREGISTERED
from oidc.endpoints import discovery
from oidc.errors import JwtRefused, TrustChainRefused
from oidc.federation import anchors, policy
from oidc.federation.automatic import AT_ONCE, LONGEST
from oidc.federation.chains import MAX_FETCHES, MAX_INTERMEDIATES, Chains
from tests.clocks import FixedClock
from tests.oidc.asking import CONTRACT, DETAIL, approve, handle_of, open_pushed, parameters
from tests.oidc.federations import REDIRECT, Change, Federation, Parts, federation
from tests.oidc.provider_house import ISSUER, VERIFIER, House, json_of


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federation]:
    with federation(tmp_path_factory.mktemp("federation"), FixedClock()) as made:
        yield made


@pytest.fixture(scope="module")
def house(town: Federation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    database = Database(f"sqlite:///{folder / 'test.db'}")
    metadata.create_all(database.engine)
    yield House(database, folder / "keys", town.clock, outgoing=town.outgoing, anchors=town.anchors)
    database.close()


def push(house: House, town: Federation, leaf: str, **changed: Any) -> TestResponse:
    """A pushed request of the leaf, whom nobody registered."""
    form = {
        **parameters(client_id=leaf, redirect_uri=REDIRECT),
        "client_assertion": town.keys["client"].assertion(leaf),
        "client_assertion_type": ASSERTION_TYPE,
        **changed,
    }
    return house.http.post("/par", data={name: value for name, value in form.items() if value is not None})


def ask(house: House, town: Federation, leaf: str, **changed: Any) -> TestResponse:
    """A request with a signed object; None leaves a claim out, `request` of None the object."""
    key = town.keys["client"]
    key.count += 1
    now = int(town.clock.now().timestamp())
    claims = {
        "iss": leaf, "aud": ISSUER, "exp": now + 60, "jti": f"r{key.count}",
        **parameters(client_id=leaf, redirect_uri=REDIRECT), **changed,
    }  # fmt: skip
    sent = key.sign({"alg": "ES256", "kid": "k1", "typ": "oauth-authz-req+jwt"}, claims)
    return house.http.get("/authorize", query_string={"client_id": leaf, "request": changed.get("request", sent)})


def refusal(response: TestResponse) -> tuple[str, str]:
    told = response.get_json()
    return told["error"], told.get("error_description", "")


def test_a_client_of_the_federation_signs_people_in_and_gets_no_papers(house: House, town: Federation) -> None:
    leaf = town.leaf(contract=CONTRACT, profile="openid-basic", require_pkce=False, federated=False)
    house.sign_in.there = house.signed_in()
    pushed = json_of(push(house, town, leaf), 201)
    opened = open_pushed(house, pushed["request_uri"], leaf)
    approve(house, handle_of(opened))
    answered = house.http.get(f"/authorize/{handle_of(opened)}")
    code = answered.location.partition("code=")[2].partition("&")[0]
    assert answered.location.startswith(REDIRECT)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
        "client_assertion": town.keys["client"].assertion(leaf),
        "client_assertion_type": ASSERTION_TYPE,
    }
    tokens = json_of(house.http.post("/token", data=form))
    told = house.http.get("/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert json_of(told)["name"]
    client = house.clients.get(leaf)
    assert client is not None
    assert (client.name, client.profile, dict(client.contract)) == ("Leaf", "baseline", {})
    assert (client.federated, client.require_pkce) == (True, True)
    assert client.grant_types == {"authorization_code", "refresh_token"}
    refused = push(house, town, leaf, authorization_details=json.dumps([DETAIL]))
    assert refusal(refused)[0] == "invalid_authorization_details"


def party(parts: Parts) -> dict[str, Any]:
    found: dict[str, Any] = parts["leaf"].claims["metadata"]["openid_relying_party"]
    return found


def claim(part: str, **changed: Any) -> Change:
    return lambda parts: parts[part].claims.update(changed)


def header(part: str, **changed: Any) -> Change:
    return lambda parts: parts[part].header.update(changed)


def limited(part: str, **constraints: Any) -> Change:
    return claim(part, constraints=constraints)


def ruled(part: str, **parameters: Any) -> Change:
    return claim(part, metadata_policy={"openid_relying_party": parameters})


def signer(part: str, name: str) -> Change:
    def change(parts: Parts) -> None:
        parts[part].signer = parts[name].signer

    return change


def other_keys(part: str, of: str) -> Change:
    return lambda parts: parts[part].claims.update(jwks=parts[of].claims["jwks"])


def by_a_key_that_the_anchor_does_not_know(parts: Parts) -> None:
    """The middle names a second key of its own, which the anchor's statement lacks, and vouches by that."""
    second = parts["leaf"].signer
    named = {**second.public, "kid": "k2"}
    parts["middle"].claims["jwks"] = {"keys": [*parts["middle"].claims["jwks"]["keys"], named]}
    parts["about_leaf"].signer = second
    parts["about_leaf"].header["kid"] = "k2"


CHANGES = [
    pytest.param(header("leaf", typ="JWT"), "typ is entity-statement+jwt", id="3.1 typ"),
    pytest.param(header("about_middle", typ=None), "typ is entity-statement+jwt", id="3.1 no typ"),
    pytest.param(header("about_leaf", kid=None), "the signature is not by a key of its own", id="3.1 no kid"),
    pytest.param(header("leaf", kid="k2"), "the signature is not by a key of its own", id="3.1 another kid"),
    pytest.param(lambda parts: setattr(parts["leaf"], "text", "e30.e30."), "no signature", id="alg none"),
    pytest.param(lambda parts: setattr(parts["leaf"], "text", "x" * 20_000), "gave no statement", id="too large"),
    pytest.param(signer("about_leaf", "anchor"), "the signature is not", id="about the leaf, by another's key"),
    pytest.param(signer("about_middle", "middle"), "the signature is not", id="about the middle, by itself"),
    pytest.param(signer("anchor", "middle"), "the signature is not", id="the anchor by a key that isn't ours"),
    pytest.param(other_keys("about_leaf", "middle"), "the signature is not", id="10.2 the superior knows another key"),
    pytest.param(other_keys("about_middle", "leaf"), "the signature is not", id="10.2 the anchor knows another key"),
    pytest.param(by_a_key_that_the_anchor_does_not_know, "the signature is not", id="10.2 a second key of the middle"),
    pytest.param(claim("leaf", iss="https://other.example"), "iss and sub are the entities", id="iss of the leaf"),
    pytest.param(claim("about_leaf", sub="https://other.example"), "iss and sub are the entities", id="sub another's"),
    pytest.param(claim("about_leaf", iss="https://other.example"), "iss and sub are the entities", id="iss another's"),
    pytest.param(claim("about_middle", exp=1), "exp is over", id="exp"),
    pytest.param(claim("leaf", exp=None), "exp is a time", id="no exp"),
    pytest.param(claim("leaf", exp=True), "exp is a time", id="exp true"),
    pytest.param(claim("middle", iat=2**34), "iat is in the future", id="iat"),
    pytest.param(claim("about_leaf", iat=None), "iat is a time", id="no iat"),
    pytest.param(claim("about_leaf", jwks=None), "jwks is a JWK Set", id="no jwks"),
    pytest.param(claim("about_leaf", crit=["x"], x=1), "a critical claim", id="3.1 crit"),
    pytest.param(claim("about_leaf", metadata_policy_crit=["regexp"]), "a critical claim", id="6.1.2 crit"),
    pytest.param(claim("leaf", authority_hints=None), "no authority_hints", id="no superior"),
    pytest.param(claim("middle", authority_hints=None), "no authority_hints", id="another's anchor"),
    pytest.param(claim("leaf", authority_hints=["https://10.0.0.1"]), "gave no statement", id="a superior inside"),
    pytest.param(claim("leaf", authority_hints=["http://middle.example"]), "are entity identifiers", id="by http"),
    pytest.param(claim("middle", metadata={}), "no federation_fetch_endpoint", id="8.1 no endpoint"),
    pytest.param(
        claim("middle", metadata={"federation_entity": {"federation_fetch_endpoint": "https://127.0.0.1/fetch"}}),
        "gave no statement",
        id="an endpoint inside",
    ),
    pytest.param(limited("about_middle", max_path_length=0), "longer than max_path_length", id="6.2.1"),
    pytest.param(limited("about_middle", max_path_length=-1), "max_path_length is a number", id="6.2.1 below 0"),
    pytest.param(
        limited("about_middle", naming_constraints={"excluded": ["leaf.example"]}), "exclude leaf", id="6.2.2 excluded"
    ),
    pytest.param(
        limited("about_middle", naming_constraints={"excluded": [".example"], "permitted": ["leaf.example"]}),
        "exclude leaf",
        id="6.2.2 excluded and permitted",
    ),
    pytest.param(
        limited("about_leaf", naming_constraints={"permitted": [".leaf.example"]}),
        "don't permit leaf",
        id="6.2.2 a dot is hosts below",
    ),
    pytest.param(
        limited("about_middle", naming_constraints={"permitted": ["leaf.example"]}),
        "don't permit middle",
        id="6.2.2 of everybody below",
    ),
    pytest.param(
        limited("about_middle", allowed_entity_types=["openid_provider"]), "allowed_entity_types lacks", id="6.2.3"
    ),
    pytest.param(limited("about_leaf", allowed_entity_types="all"), "is a list of texts", id="6.2.3 no list"),
    pytest.param(claim("leaf", metadata={}), "no metadata of an openid_relying_party", id="5.1.2 another entity type"),
    pytest.param(claim("leaf", metadata={"openid_relying_party": 1}), "is an object", id="metadata no object"),
    pytest.param(
        ruled("about_middle", scope={"subset_of": ["openid"], "superset_of": ["openid", "email"]}),
        "contradict each other",
        id="6.1.3 operators",
    ),
    pytest.param(
        lambda parts: (
            ruled("about_middle", subject_type={"value": "pairwise"})(parts),
            ruled("about_leaf", subject_type={"value": "public"})(parts),
        ),
        "two superiors contradict",
        id="6.1.4.1 merge",
    ),
    pytest.param(
        ruled("about_middle", client_name={"one_of": ["Twig"]}), "client_name is not one of those", id="6.1.3.1 one_of"
    ),
    pytest.param(ruled("about_leaf", tos_uri={"essential": True}), "tos_uri is missing", id="6.1.3.1 essential"),
    pytest.param(
        ruled("about_leaf", scope={"subset_of": ["phone"]}), "nothing of its scope", id="6.1.3.1 no scope left"
    ),
    pytest.param(
        ruled("about_leaf", grant_types={"subset_of": ["implicit"]}), "nothing of its grant_types", id="no grant left"
    ),
    pytest.param(
        ruled("about_leaf", response_types={"value": []}), "nothing of its response_types", id="no response type left"
    ),
    pytest.param(
        lambda parts: party(parts).update(client_registration_types=["explicit"]), "lacks automatic", id="12.1"
    ),
    pytest.param(
        lambda parts: party(parts).update(token_endpoint_auth_method="client_secret_basic"),
        "token_endpoint_auth_method is private_key_jwt",
        id="12.1.1 a secret",
    ),
]


@pytest.mark.parametrize(("change", "reason"), CHANGES)
def test_a_chain_with_one_thing_wrong_is_none(house: House, town: Federation, change: Change, reason: str) -> None:
    leaf = town.leaf(change)
    error, description = refusal(push(house, town, leaf))
    assert (error, reason in description) == ("invalid_trust_chain", True), description
    assert house.clients.get(leaf) is None
    before = town.asked()
    assert "invalid_trust_chain" in ask(house, town, leaf).text
    assert town.asked() == before  # the refusal is kept a minute


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(limited("about_middle", max_path_length=1), id="6.2.1"),
        pytest.param(limited("about_middle", naming_constraints={"permitted": [".example"]}), id="6.2.2"),
        pytest.param(limited("about_middle", allowed_entity_types=["openid_relying_party"]), id="6.2.3"),
        pytest.param(limited("about_middle", future=1), id="6.2 a constraint that is unknown"),
        pytest.param(
            lambda parts: parts["leaf"].claims["authority_hints"].insert(0, "https://nowhere.example"),
            id="10.1 one superior of two leads up",
        ),
        pytest.param(
            ruled("about_middle", scope={"add": ["email"]}, logo_uri={"regexp": "x"}), id="6.1.3.2 not critical"
        ),
    ],
)
def test_a_chain_within_what_its_superiors_allow_holds(house: House, town: Federation, change: Change) -> None:
    assert push(house, town, town.leaf(change)).status_code == 201


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({"redirect_uris": ["http://leaf.example/callback"]}, "invalid_redirect_uri"),
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}}, "invalid_client_metadata"),
        ({"jwks_uri": "http://10.0.0.1/jwks", "jwks": None}, "invalid_client_metadata"),
    ],
)
def test_metadata_are_read_as_strictly_as_those_of_any_client(
    house: House, town: Federation, told: dict[str, Any], error: str
) -> None:
    def change(parts: Parts) -> None:
        members = {**party(parts), **told}
        parts["leaf"].claims["metadata"]["openid_relying_party"] = {
            name: value for name, value in members.items() if value is not None
        }

    leaf = town.leaf(change)
    assert refusal(push(house, town, leaf))[0] == error


def test_superiors_shape_the_metadata(house: House, town: Federation) -> None:
    def change(parts: Parts) -> None:
        claim("about_leaf", metadata={"openid_relying_party": {"client_name": "Leaf of the middle"}})(parts)
        ruled("about_middle", scope={"subset_of": ["openid", "email"]}, subject_type={"value": "pairwise"})(parts)

    leaf = town.leaf(change, subject_type="public")
    assert push(house, town, leaf, scope="openid").status_code == 201
    client = house.clients.get(leaf)
    assert client is not None
    assert (client.name, client.subject_type) == ("Leaf of the middle", "pairwise")
    assert client.scopes == {"openid"}


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        pytest.param({"request": None}, "invalid_request", id="12.1.1 neither signed nor pushed"),
        pytest.param({"aud": None}, "invalid_request_object", id="no aud"),
        pytest.param({"iss": None}, "invalid_request_object", id="no iss"),
        pytest.param({"sub": "leaf"}, "invalid_request_object", id="with sub"),
        pytest.param({"jti": None}, "invalid_request_object", id="no jti"),
        pytest.param({"jti": ""}, "invalid_request_object", id="an empty jti"),
        pytest.param({"exp": None}, "invalid_request_object", id="no exp"),
        pytest.param({"exp": 2**34}, "invalid_request_object", id="exp a long time ahead"),
        pytest.param({"aud": "https://other.example"}, "invalid_request_object", id="for another"),
    ],
)
def test_a_request_is_signed_as_the_federation_demands(
    house: House, town: Federation, changed: dict[str, Any], error: str
) -> None:
    leaf = town.leaf()
    house.sign_in.there = None
    assert ask(house, town, leaf).location.startswith("/sign-in")
    refused = ask(house, town, leaf, **changed)
    assert refused.status_code == 400
    assert refused.location is None
    assert refused.text == f"error page: {error}"


def test_a_signed_request_is_used_once(house: House, town: Federation) -> None:
    leaf = town.leaf()
    house.sign_in.there = None
    assert ask(house, town, leaf, jti="one").status_code == 303
    assert ask(house, town, leaf, jti="one").text == "error page: invalid_request_object"


@pytest.mark.parametrize(
    "client_id",
    ["https://leaf.example/1?x", "https://leaf.example/1#x", "https://a@leaf.example/1", "https://leaf.example:x/1", "https://"],
)  # fmt: skip
def test_what_is_no_entity_identifier_is_asked_of_nobody(house: House, town: Federation, client_id: str) -> None:
    before = town.asked()
    assert refusal(push(house, town, client_id)) == ("invalid_trust_chain", "client_id is no entity identifier")
    assert refusal(push(house, town, f"https://leaf.example/{'x' * 200}"))[0] == "invalid_client"
    assert town.asked() == before


def test_a_search_ends_whatever_the_statements_say(house: House, town: Federation) -> None:
    loop = town.leaf(lambda parts: parts["middle"].claims.update(authority_hints=[town.middle]))
    assert "stands above itself" in refusal(push(house, town, loop))[1]
    before = town.asked()
    hints = [f"{town.middle}/{number}" for number in range(99)]
    many = town.leaf(claim("leaf", authority_hints=hints))
    assert refusal(push(house, town, many))[0] == "invalid_trust_chain"
    assert town.asked() - before <= MAX_FETCHES


def test_a_search_ends_while_others_answer_slowly(town: Federation) -> None:
    def slowly(_host: str, port: int) -> list[tuple[str, int]]:
        clock.advance(timedelta(seconds=6))
        return [("127.0.0.1", port)]

    clock, leaf, before = FixedClock(town.clock.now()), town.leaf(), town.asked()
    chains = Chains(town.anchors, Outgoing(town.settings, resolve=slowly), clock)
    with pytest.raises(TrustChainRefused, match="takes too many requests"):
        chains.find(leaf, "openid_relying_party")
    assert town.asked() - before == 3


def test_the_operator_sees_that_a_chain_was_refused_and_nothing_of_what_it_said(house: House, town: Federation) -> None:
    leaf = town.leaf(claim("leaf", exp=1))
    push(house, town, leaf)
    rows = house.diagnosis.of(UNREGISTERED)
    assert ("invalid_trust_chain", "trust_chain") in {(row.error, row.cause) for row in rows}
    assert leaf not in repr(rows)


def test_few_searches_go_on_at_once(house: House, town: Federation) -> None:
    leaf = town.leaf()
    at_once = house.federation._at_once  # type: ignore[union-attr]
    with ExitStack() as held:
        for _ in range(AT_ONCE):
            held.enter_context(at_once)
        assert refusal(push(house, town, leaf)) == ("invalid_trust_chain", "too many chains at once: try again")
    assert push(house, town, leaf).status_code == 201


@pytest.mark.parametrize(("height", "status"), [(0, 201), (MAX_INTERMEDIATES, 201), (MAX_INTERMEDIATES + 1, 401)])
def test_a_chain_has_three_intermediates_at_most(house: House, town: Federation, height: int, status: int) -> None:
    pushed = push(house, town, town.tower(height))
    assert pushed.status_code == status
    assert status == 201 or refusal(pushed) == ("invalid_trust_chain", "more than 3 intermediates")


def test_a_chain_is_looked_at_again_when_it_ends(town: Federation, sqlite: Database, tmp_path: Path) -> None:
    house = House(sqlite, tmp_path / "keys", town.clock, outgoing=town.outgoing, anchors=town.anchors)
    leaf = town.leaf()
    assert push(house, town, leaf).status_code == 201
    before = town.asked()
    assert push(house, town, leaf).status_code == 201
    assert town.asked() == before
    town.clock.advance(timedelta(hours=1))  # exp of every statement
    assert house.clients.get(leaf) is None
    assert leaf not in [client.client_id for client in house.clients.all()]
    assert refusal(push(house, town, leaf))[0] == "invalid_trust_chain"
    town.publish(leaf, client_name="Leaf, renamed")
    town.clock.advance(timedelta(seconds=61))
    assert push(house, town, leaf).status_code == 201
    assert house.clients.get(leaf).name == "Leaf, renamed"  # type: ignore[union-attr]
    # However long the statements count, a chain is looked at again.
    far = int((town.clock.now() + timedelta(days=365)).timestamp())
    town.clock.advance(timedelta(hours=2))
    town.publish(leaf, lambda parts: [part.claims.update(exp=far) for part in parts.values()])
    assert push(house, town, leaf).status_code == 201
    before = town.asked()
    town.clock.advance(LONGEST)
    assert push(house, town, leaf).status_code == 201
    assert town.asked() > before


def test_the_operators_word_comes_first(house: House, town: Federation) -> None:
    leaf = town.leaf()
    assert push(house, town, leaf).status_code == 201
    house.add(leaf, redirect_uris=[REDIRECT], contract=CONTRACT)  # registered here, by a secret
    assert refusal(push(house, town, leaf)) == ("invalid_client", "client authentication failed")
    house.clients.remove(leaf, actor="tests")
    assert refusal(push(house, town, leaf)) == ("invalid_client", "client authentication failed")
    gone = town.leaf()
    assert push(house, town, gone).status_code == 201
    house.clients.remove(gone, actor="tests")
    assert refusal(push(house, town, gone))[0] == "invalid_client"


def test_our_own_configuration_says_who_we_are(house: House, town: Federation) -> None:
    answer = house.http.get("/.well-known/openid-federation")
    assert answer.mimetype == "application/entity-statement+jwt"
    claims = house.signing_keys.verify_own(answer.text, typ="entity-statement+jwt")
    assert (claims["iss"], claims["sub"], claims["authority_hints"]) == (ISSUER, ISSUER, [town.anchor])
    assert claims["jwks"] == house.signing_keys.public_jwks()
    assert claims["exp"] > claims["iat"] == int(town.clock.now().timestamp())
    told = json_of(house.http.get("/.well-known/openid-configuration"))
    assert claims["metadata"]["openid_provider"] == told
    assert told["client_registration_types_supported"] == ["automatic"]
    assert told["request_authentication_methods_supported"]["authorization_endpoint"] == ["request_object"]
    with pytest.raises(JwtRefused):
        house.signing_keys.verify_own(answer.text, typ="at+jwt")


def test_without_a_trust_anchor_nobody_comes_so(lone: House, town: Federation) -> None:
    before = town.asked()
    assert refusal(push(lone, town, town.leaf())) == ("invalid_client", "client authentication failed")
    assert lone.http.get("/.well-known/openid-federation").status_code == 404
    assert "client_registration_types_supported" not in discovery.metadata(ISSUER)
    assert town.asked() == before


def test_an_anchor_is_an_address_with_keys(town: Federation, tmp_path: Path) -> None:
    keys = tmp_path / "anchor.json"
    keys.write_text(json.dumps({"keys": [town.keys["anchor"].public]}))
    given = {"entity_id": "https://anchor.example", "jwks": keys}
    found = anchors.read(load_settings(federation={"trust_anchors": [given]}).federation)
    assert [key.kid for key in found["https://anchor.example"]] == ["k1"]
    for entity_id in ("http://anchor.example", "https://anchor.example?x", "anchor.example"):
        with pytest.raises(ConfigurationError, match=r"federation\.trust_anchors"):
            load_settings(federation={"trust_anchors": [{**given, "entity_id": entity_id}]})
    for text in ("", "{}", '{"keys": []}'):
        keys.write_text(text)
        with pytest.raises(ConfigurationError, match="holds no JWK Set"):
            anchors.read(load_settings(federation={"trust_anchors": [given]}).federation)


FAILS = object()


@pytest.mark.parametrize(
    ("rules", "held", "made"),
    [
        # §6.1.3.1 each operator: rules of the anchor and of an intermediate, the client's value, what comes out
        ([{"value": "a"}], None, "a"),
        ([{"value": "a"}], "b", "a"),
        ([{"value": None}], "b", None),
        ([{"value": "a"}, {"value": "a"}], "b", "a"),
        ([{"value": "a"}, {"value": "b"}], "b", FAILS),
        ([{"value": ["a"]}, {"add": ["a"]}], None, ["a"]),
        ([{"value": ["a"]}, {"add": ["b"]}], None, FAILS),
        ([{"value": None}, {"default": "a"}], None, FAILS),
        ([{"value": "a"}, {"default": "b"}], None, "a"),
        ([{"value": "a"}, {"one_of": ["a", "b"]}], None, "a"),
        ([{"value": "c"}, {"one_of": ["a", "b"]}], None, FAILS),
        ([{"value": ["a"]}, {"subset_of": ["a", "b"]}], None, ["a"]),
        ([{"value": ["c"]}, {"subset_of": ["a", "b"]}], None, FAILS),
        ([{"value": ["a", "b"]}, {"superset_of": ["a"]}], None, ["a", "b"]),
        ([{"value": ["b"]}, {"superset_of": ["a"]}], None, FAILS),
        ([{"value": None}, {"essential": True}], "a", FAILS),
        ([{"value": None}, {"essential": False}], "a", None),
        ([{"add": ["a"]}], None, ["a"]),
        ([{"add": ["a"]}, {"add": ["b", "a"]}], ["c"], ["c", "a", "b"]),
        ([{"add": ["a"]}], "text", FAILS),
        ([{"add": "a"}], None, FAILS),
        ([{"add": ["a"]}, {"one_of": ["a"]}], None, FAILS),
        ([{"add": ["a"]}, {"subset_of": ["a", "b"]}], ["b", "c"], ["b", "a"]),
        ([{"add": ["c"]}, {"subset_of": ["a", "b"]}], None, FAILS),
        ([{"add": ["a"]}, {"superset_of": ["a", "b"]}], ["b"], ["b", "a"]),
        ([{"add": ["a"]}, {"default": ["b"]}], None, ["a"]),
        ([{"default": "a"}], None, "a"),
        ([{"default": "a"}], "b", "b"),
        ([{"default": None}], "b", FAILS),
        ([{"default": "a"}, {"default": "b"}], None, FAILS),
        ([{"default": "c"}, {"one_of": ["a", "b"]}], None, FAILS),
        ([{"default": "a"}, {"one_of": ["a", "b"]}], None, "a"),
        ([{"one_of": ["a", "b"]}, {"one_of": ["b", "c"]}], "b", "b"),
        ([{"one_of": ["a", "b"]}, {"one_of": ["b", "c"]}], "a", FAILS),
        ([{"one_of": ["a"]}, {"one_of": ["b"]}], None, FAILS),
        ([{"one_of": []}], None, FAILS),
        ([{"one_of": ["a"]}], None, None),
        ([{"one_of": ["a"]}, {"subset_of": ["a"]}], None, FAILS),
        ([{"one_of": ["a"]}, {"superset_of": ["a"]}], None, FAILS),
        ([{"subset_of": ["a", "b"]}, {"subset_of": ["b", "c"]}], ["a", "b", "c"], ["b"]),
        ([{"subset_of": ["a"]}, {"subset_of": ["b"]}], ["a", "b"], []),
        ([{"subset_of": ["a"]}], ["b"], []),
        ([{"subset_of": ["a"]}], None, None),
        ([{"subset_of": ["a"]}], "a", FAILS),
        ([{"subset_of": ["a"]}, {"superset_of": ["a", "b"]}], None, FAILS),
        ([{"subset_of": ["a", "b"]}, {"superset_of": ["a"]}], ["a", "c"], ["a"]),
        ([{"superset_of": ["a"]}, {"superset_of": ["b"]}], ["a", "b", "c"], ["a", "b", "c"]),
        ([{"superset_of": ["a"]}, {"superset_of": ["b"]}], ["a"], FAILS),
        ([{"superset_of": ["a"]}], None, None),
        ([{"essential": True}], "a", "a"),
        ([{"essential": True}], None, FAILS),
        ([{"essential": True}, {"essential": False}], None, FAILS),
        ([{"essential": False}], None, None),
        ([{"essential": "yes"}], "a", FAILS),
        ([{"essential": True}, {"default": "a"}], None, "a"),
        (["value"], None, FAILS),
        ([{"unknown": 1}], "a", "a"),
    ],
)
def test_a_policy_makes_of_a_parameter_what_the_specification_says(rules: list[Any], held: Any, made: Any) -> None:
    told = {} if held is None else {"p": held}
    policies = [{"p": one} for one in rules]
    if made is FAILS:
        with pytest.raises(TrustChainRefused):
            policy.applied(policy.merged(policies), told)
        return
    assert policy.applied(policy.merged(policies), told).get("p") == made


def test_scopes_are_a_list_to_a_policy_and_a_text_to_the_client() -> None:
    rules: list[dict[str, Any]] = [
        {"scope": {"value": "openid email"}},
        {"scope": {"subset_of": ["openid", "email", "profile"]}},
    ]
    assert policy.applied(policy.merged(rules), {"scope": "openid phone"}) == {"scope": "openid email"}
    assert policy.applied(policy.merged(rules[1:]), {"scope": "openid phone"}) == {"scope": "openid"}
