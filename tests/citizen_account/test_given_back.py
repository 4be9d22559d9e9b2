"""A service gives an approval back (Grant Management): what the person reads of it, and what stops."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from werkzeug.test import Client

from tests.citizen_account.town import SCHOOL, Citizen, Town, fetch, redeem
from vault.documents import LendingState

MANAGES = {
    **SCHOOL,
    "grant_types": [*SCHOOL["grant_types"], "client_credentials"],
    "scope": f"{SCHOOL['scope']} grant_management_query grant_management_revoke",
}


def test_the_person_reads_that_the_service_gave_it_back_and_the_paper_is_closed_to_it(
    lone_town: Town, lone_alice: Citizen
) -> None:
    lone_town.house.clients.add(MANAGES, actor="tests")
    url = f"{lone_town.authorize_url([['proof_of_address']])}&grant_management_action=create"
    handle = lone_alice.open(url).location.rpartition("/")[2]
    lone_alice.post(f"/release/{handle}", {"paper-0": lone_alice.paper(label="November bill"), "decision": "send"})
    back = parse_qs(urlsplit(lone_alice.open(f"/authorize/{handle}").location).query)
    token = redeem(lone_town, back["code"][0])
    receipt = re.search(r"/accesses/receipts/[0-9A-Z-]+", lone_alice.get("/accesses"))
    assert receipt
    service = Client(lone_town.app)
    own = service.post(
        "/token",
        data={"grant_type": "client_credentials"},
        auth=("school-enrolment", SCHOOL["client_secret"]),
        base_url="http://localhost:8000",
    ).get_json()["access_token"]
    at = {"headers": {"Authorization": f"Bearer {own}"}, "base_url": "http://localhost:8000"}
    (detail,) = service.get(f"/grants/{token['grant_id']}", **at).get_json()["authorization_details"]
    assert [document["document_type"] for document in detail["documents"]] == ["proof_of_address"]
    assert service.delete(f"/grants/{token['grant_id']}", **at).status_code == 204
    assert fetch(lone_town, token).status_code == 401
    (lending,) = lone_town.house.lending.of_owner(lone_town.house.accounts.owner_of(lone_alice.account))
    assert lending.state is LendingState.RETURNED
    page = lone_alice.get("/accesses")
    assert "School enrolment gave “November bill” back: it can no longer look at it." in page
    assert "School enrolment gave back all that you had allowed it." in page
    assert "You took back" not in page
    assert "Given back by the service on 2 November 2026" in lone_alice.get(receipt[0])
