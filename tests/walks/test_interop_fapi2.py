"""npm oauth4webapi by FAPI 2.0 Message Signing: signed, pushed request, DPoP, signed answer, signed introspection."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from playwright.sync_api import Browser

from tests.installation import RunningHouse
from tests.walks.papers import bill, save
from tests.walks.person import new_person
from tests.walks.relying_parties import CALLBACK, CONTRACT, details, register, relying_party

AFTER = "http://127.0.0.1:9/bye"


def test_it_signs_in_fetches_refreshes_and_signs_out(town: RunningHouse, chromium: Browser, tmp_path: Path) -> None:
    person = new_person(town, chromium)
    person.sign_up("fapi@people.example")
    file = save(tmp_path, "bill.pdf", bill())
    person.add_paper("proof_of_address", file)
    with relying_party("fapi2.mjs", town.url, "careful", CALLBACK, details(town), AFTER) as client:
        metadata = {
            "client_id": "careful",
            "client_name": "Careful",
            "profile": "fapi2-message-signing",
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": client.hear(),
            "redirect_uris": [CALLBACK],
            "post_logout_redirect_uris": [AFTER],
            "grant_types": ["authorization_code", "refresh_token"],
            "scope": "openid profile",
            "contract": CONTRACT,
        }
        register(town, tmp_path, metadata)
        begun = client.ask("begin")
        person.page.goto(begun.get("authorization_url", str(begun)))
        with person.page.expect_event("requestfailed", lambda request: request.url.startswith(CALLBACK)) as landed:
            person.page.get_by_role("button", name=re.compile("^Send")).click()
        told = client.ask(f"callback {landed.value.url}")
        assert told.get("error") is None, told
        assert told["claims"]["sub"] == told["userinfo"]["sub"]
        assert told["token_type"] == "dpop"
        location = told["authorization_details"][0]["documents"][0]["location"]
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        assert client.ask(f"fetch {location}") == {"status": 200, "sha256": digest}
        assert client.ask("refresh") == {"token_type": "dpop", "rotated": False}
        assert client.ask("introspect") == {"active": True}
        assert client.ask(f"fetch {location}")["status"] == 200
        with person.page.expect_event("requestfailed", lambda request: request.url == AFTER):
            person.go("/").evaluate("address => { location.href = address }", told["sign_out_url"])
        assert client.ask("revoke") == {"revoked": True}
        assert client.ask("introspect") == {"active": False}
        assert client.ask("refresh")["error"] == "invalid_grant"
    person.go("/papers?lang=en")
    person.page.get_by_role("button", name="Sign in", exact=True).wait_for()
    person.context.close()
