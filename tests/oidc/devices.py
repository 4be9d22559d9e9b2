"""A device and its person, as the tests of RFC 8628 and CIBA need them."""

from __future__ import annotations

from typing import Any

from werkzeug.test import TestResponse

from oidc.clients import Client
from oidc.clients.metadata import DEVICE_CODE
from tests.oidc.asking import CONTRACT, approve
from tests.oidc.provider_house import House, json_of


def television(house: House, client_id: str = "television", **changed: Any) -> Client:
    """A client that has no browser."""
    members = {
        "grant_types": [DEVICE_CODE, "refresh_token"],
        "redirect_uris": None,
        "token_endpoint_auth_method": "client_secret_basic",
        "contract": CONTRACT,
        **changed,
    }
    return house.add(client_id, **members)


def begin(house: House, client: Client, /, **changed: Any) -> TestResponse:
    """POST /device-authorization. A changed parameter of None is left out."""
    return house.post("/device-authorization", client, {"scope": "openid profile"}, **changed)


def typed(house: House, user_code: str, *, browser: str = "", subject: str = "alice", network: str = "n") -> str:
    """Type the code at the person's browser; the handle."""
    there = house.signed_in(subject)
    house.sign_in.there = there
    house.sign_in.value = browser or house.sign_in.value
    return house.devices.open(user_code, there=there, browser=house.sign_in.browser(), network=network)


def allow(house: House, user_code: str, *documents: str) -> TestResponse:
    """Type the code, approve; where the browser is sent."""
    handle = typed(house, user_code)
    assert house.http.get(f"/authorize/{handle}").location == f"/release/{handle}"
    approve(house, handle, *documents)
    return house.http.get(f"/authorize/{handle}")


def poll(house: House, client: Client, device_code: str, /, **changed: Any) -> TestResponse:
    return house.post("/token", client, {"grant_type": DEVICE_CODE, "device_code": device_code}, **changed)


def begun(house: House, client: Client, **asked: Any) -> dict[str, Any]:
    return json_of(begin(house, client, **asked))
