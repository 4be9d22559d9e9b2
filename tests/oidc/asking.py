"""Asking as a client and a browser do: a valid request, its answer, the page between, the pushed one."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from werkzeug.test import TestResponse

from oidc.protocols import Choice
from tests.oidc.provider_house import CHALLENGE, REDIRECT, SECRET, VAULT, House, basic

CONTRACT = {"purposes": {"school_enrolment": {"document_types": ["proof_of_address", "identity_card"]}}}
DETAIL = {
    "type": "document",
    "document_types": ["proof_of_address"],
    "actions": ["read"],
    "purpose": "school_enrolment",
    "duration": "P30D",
    "locations": [VAULT],
}


def parameters(**changed: Any) -> dict[str, str]:
    valid = {
        "client_id": "school",
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": "openid profile",
        "state": "st",
        "nonce": "n-1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changed,
    }
    return {name: str(value) for name, value in valid.items() if value is not None}


def ask(house: House, **changed: Any) -> TestResponse:
    return house.http.get("/authorize?" + urlencode(parameters(**changed)))


def answer(response: TestResponse) -> dict[str, str]:
    """The parameters that went back to the client."""
    assert response.status_code == 303, response.get_data(as_text=True)
    assert response.location.startswith(REDIRECT), response.location
    return dict(parse_qsl(urlsplit(response.location).query))


def handle_of(response: TestResponse) -> str:
    assert response.status_code == 303, response.get_data(as_text=True)
    return response.location.rpartition("/")[2].rpartition("=")[2]


def approve(house: House, handle: str, *documents: str) -> None:
    there = house.sign_in.there
    assert there
    choices = [Choice(detail=0, documents=documents)] if documents else []
    house.consent.approve(handle, house.sign_in.browser(), there, choices)


def grant(house: House, **changed: Any) -> TestResponse:
    """Ask, sign in, approve; the answer."""
    house.sign_in.there = house.signed_in()
    handle = handle_of(ask(house, **changed))
    approve(house, handle, *(["bill"] if "authorization_details" in changed else []))
    return house.http.get(f"/authorize/{handle}")


def push(house: House, **changed: Any) -> TestResponse:
    """POST /par as the school. dpop: a proof for the header."""
    headers = {"Authorization": basic("school", changed.pop("secret", SECRET))}
    if proof := changed.pop("dpop", None):
        headers["DPoP"] = proof
    return house.http.post("/par", data=parameters(**changed), headers=headers)


def open_pushed(house: House, request_uri: str, client_id: str = "school") -> TestResponse:
    return house.http.get("/authorize?" + urlencode({"client_id": client_id, "request_uri": request_uri}))
