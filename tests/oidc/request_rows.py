"""A valid authorization request, and rows that change one thing of it, each with its exact error.

They are tried at the table of checks itself and at each of its doors: by GET, by POST, pushed.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from oidc.clients import Client
from tests.oidc.asking import DETAIL, parameters
from tests.oidc.provider_house import CHALLENGE, REDIRECT

CLIENT = Client(
    client_id="school",
    name="School",
    redirect_uris=(REDIRECT,),
    scopes=frozenset({"openid", "profile", "email"}),
    contract={"purposes": {"school_enrolment": {"document_types": ["proof_of_address"]}}},
)
VALID = parameters(authorization_details=json.dumps([DETAIL]))


def detail(**changed: Any) -> str:
    return json.dumps([{name: value for name, value in {**DETAIL, **changed}.items() if value is not None}])


ROWS = [
    pytest.param({"response_type": None}, "invalid_request", id="response_type missing"),
    pytest.param({"response_type": "token"}, "unsupported_response_type", id="RFC 9700 §2.1.2 implicit"),
    pytest.param({"response_type": "code id_token"}, "unsupported_response_type", id="hybrid"),
    pytest.param({"response_mode": "fragment"}, "invalid_request", id="response_mode fragment"),
    pytest.param({"response_mode": "nonsense"}, "invalid_request", id="response_mode unknown"),
    pytest.param({"code_challenge": None, "code_challenge_method": None}, "invalid_request", id="PKCE missing"),
    pytest.param({"code_challenge_method": None}, "invalid_request", id="RFC 7636 §4.3 plain by default"),
    pytest.param({"code_challenge_method": "plain"}, "invalid_request", id="RFC 9700 §2.1.1 plain"),
    pytest.param({"code_challenge": None}, "invalid_request", id="a method without a challenge"),
    pytest.param({"code_challenge": CHALLENGE[:-1]}, "invalid_request", id="challenge too short"),
    pytest.param({"code_challenge": CHALLENGE + "a"}, "invalid_request", id="challenge too long"),
    pytest.param({"code_challenge": CHALLENGE[:-1] + "+"}, "invalid_request", id="challenge alphabet"),
    pytest.param({"scope": None}, "invalid_request", id="scope missing"),
    pytest.param({"scope": "openid  profile"}, "invalid_scope", id="scope grammar"),
    pytest.param({"scope": 'openid "x"'}, "invalid_scope", id="scope alphabet"),
    pytest.param({"scope": "openid phone"}, "invalid_scope", id="scope not registered"),
    pytest.param({"scope": "openid admin"}, "invalid_scope", id="scope unknown"),
    pytest.param({"scope": "document:passport"}, "invalid_scope", id="shorthand not in the contract"),
    pytest.param({"prompt": "none login"}, "invalid_request", id="prompt none with another"),
    pytest.param({"prompt": "shout"}, "invalid_request", id="prompt unknown"),
    pytest.param({"prompt": "login login"}, "invalid_request", id="prompt repeated"),
    pytest.param({"max_age": "-1"}, "invalid_request", id="max_age negative"),
    pytest.param({"max_age": "soon"}, "invalid_request", id="max_age no number"),
    pytest.param({"claims": "{"}, "invalid_request", id="claims no JSON"),
    pytest.param({"claims": "[]"}, "invalid_request", id="claims no object"),
    pytest.param({"claims": '{"userinfo":[]}'}, "invalid_request", id="claims.userinfo an array"),
    pytest.param({"claims": '{"id_token":{"email":true}}'}, "invalid_request", id="a claim of a wrong shape"),
    pytest.param(
        {"claims": '{"id_token":{"acr":{"essential":true,"values":["eidas3"]}}}'},
        "unmet_authentication_requirements",
        id="Core §5.5.1.1 essential acr out of reach",
    ),
    pytest.param({"registration": "{}"}, "registration_not_supported", id="registration"),
    pytest.param({"nonce": "n" * 3000}, "invalid_request", id="nonce too long"),
    pytest.param({"authorization_details": "{"}, "invalid_authorization_details", id="details no JSON"),
    pytest.param({"authorization_details": "[]"}, "invalid_authorization_details", id="details empty"),
    pytest.param({"authorization_details": detail(type="payment")}, "invalid_authorization_details", id="type"),
    pytest.param({"authorization_details": detail(type=None)}, "invalid_authorization_details", id="no type"),
    pytest.param({"authorization_details": detail(extra=1)}, "invalid_authorization_details", id="unknown member"),
    pytest.param({"authorization_details": detail(actions=["write"])}, "invalid_authorization_details", id="action"),
    pytest.param({"authorization_details": detail(purpose="other")}, "invalid_authorization_details", id="purpose"),
    pytest.param(
        {"authorization_details": detail(document_types=["identity_card"])},
        "invalid_authorization_details",
        id="type beyond the contract",
    ),
    pytest.param({"authorization_details": detail(duration="1 year")}, "invalid_authorization_details", id="long"),
    pytest.param({"authorization_details": detail(duration="P0D")}, "invalid_authorization_details", id="no time"),
    pytest.param({"authorization_details": detail(reads=0)}, "invalid_authorization_details", id="no reads"),
    pytest.param(
        {"authorization_details": detail(locations=["https://other.example"])},
        "invalid_authorization_details",
        id="elsewhere",
    ),
    # Two readers of one text must never understand two things (RFC 8259 §4)
    *[
        pytest.param({name: text}, error, id=f"{name}, {how}")
        for name, error in (("claims", "invalid_request"), ("authorization_details", "invalid_authorization_details"))
        for how, text in (
            ("a member twice", '{"userinfo":{},"userinfo":{"email":null}}'),
            ("a detail's member twice", '[{"type":"document","type":"payment"}]'),
            ("NaN", '{"userinfo":{"email":{"value":NaN}}}'),
            ("Infinity", "[Infinity]"),
            ("a lone surrogate", '{"userinfo":{"email":{"value":"\\ud800"}}}'),
            ("nested 3,000 deep", "[" * 3_000 + "]" * 3_000),
            ("text after it", "{} {}"),
            ("nothing in it", " "),
        )
    ],
    # An end of line is part of the value, wherever a pattern could look past it
    *[
        pytest.param({name: f"{value}\n"}, error, id=f"a line's end after {name}")
        for name, value, error in (
            ("state", "st", ""),
            ("redirect_uri", REDIRECT, ""),
            ("nonce", "n-1", "invalid_request"),
            ("login_hint", "alice", "invalid_request"),
            ("scope", "openid", "invalid_scope"),
            ("response_type", "code", "unsupported_response_type"),
            ("response_mode", "query", "invalid_request"),
            ("code_challenge", CHALLENGE, "invalid_request"),
            ("code_challenge_method", "S256", "invalid_request"),
            ("max_age", "60", "invalid_request"),
            ("dpop_jkt", CHALLENGE, "invalid_request"),
            ("id_token_hint", "e30.e30.AAAA", "invalid_request"),
        )
    ],
    pytest.param(
        {"authorization_details": detail(purpose="school_enrolment\n")},
        "invalid_authorization_details",
        id="a line's end in a purpose",
    ),
    pytest.param(
        {"authorization_details": detail(duration="P30D\n")}, "invalid_authorization_details", id="in a duration"
    ),
    pytest.param({"max_age": "1e3"}, "invalid_request", id="max_age with an exponent"),
    pytest.param({"max_age": "٣"}, "invalid_request", id="max_age in other digits"),
    pytest.param({"max_age": "9" * 10}, "invalid_request", id="max_age of 300 years"),
    pytest.param({"dpop_jkt": CHALLENGE[:-1]}, "invalid_request", id="RFC 9449 §10 dpop_jkt of 42"),
    pytest.param({"dpop_jkt": f"{CHALLENGE}A"}, "invalid_request", id="dpop_jkt of 44"),
    pytest.param({"dpop_jkt": CHALLENGE[:-1] + "="}, "invalid_request", id="dpop_jkt padded"),
    pytest.param({"state": "s" * 2049}, "", id="state too long"),
    pytest.param({"login_hint": "l" * 2049}, "invalid_request", id="login_hint too long"),
    pytest.param({"claims": '{"userinfo":{"email":{"essential":"yes"}}}'}, "invalid_request", id="essential a text"),
    pytest.param({"claims": '{"userinfo":{"email":{"values":"x"}}}'}, "invalid_request", id="values no array"),
    pytest.param({"claims": '{"id_token":{"acr":{"value":1}}}'}, "invalid_request", id="acr a number"),
    pytest.param({"claims": '{"id_token":{"sub":{"value":7}}}'}, "invalid_request", id="sub a number"),
    pytest.param({"claims": '{"id_token":{"sub":{"value":"a\\u0000"}}}'}, "invalid_request", id="sub with a NUL"),
    pytest.param({"claims": '{"id_token":{"sub":{"value":"é"}}}'}, "invalid_request", id="Core §2 sub not ASCII"),
    pytest.param({"claims": '{"id_token":{"sub":{"value":""}}}'}, "invalid_request", id="sub empty"),
    pytest.param(
        {"claims": json.dumps({"id_token": {"sub": {"value": "s" * 256}}})}, "invalid_request", id="sub of 256"
    ),
    pytest.param(
        {"claims": '{"id_token":{"sub":{"value":"a"}},"userinfo":{"sub":{"value":"b"}}}'},
        "invalid_request",
        id="two persons at once",
    ),
    pytest.param(
        {"claims": json.dumps({"userinfo": {f"c{number}": None for number in range(65)}})},
        "invalid_request",
        id="65 claims",
    ),
    pytest.param({"id_token_hint": "nonsense"}, "invalid_request", id="id_token_hint no JWT"),
    pytest.param(
        {"authorization_details": json.dumps([DETAIL] * 17)}, "invalid_authorization_details", id="17 details"
    ),
    pytest.param(
        {"authorization_details": detail(document_types=["proof_of_address"] * 2)},
        "invalid_authorization_details",
        id="a type twice",
    ),
    pytest.param(
        {"authorization_details": detail(document_types="proof_of_address")},
        "invalid_authorization_details",
        id="document_types a text",
    ),
    pytest.param({"authorization_details": detail(actions=None)}, "invalid_authorization_details", id="no actions"),
]
"""changed, error; an empty error: told on a page of ours, never by redirect."""
