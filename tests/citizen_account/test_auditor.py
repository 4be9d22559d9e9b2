"""The auditor's and the operator's pages at the door: what they show, what they never show, who may not see them."""

from __future__ import annotations

import io
import json
import re
from http import HTTPStatus
from typing import Any

import pytest

from audit.verification import verify_bundle, verify_receipt
from tests.citizen_account.town import Citizen, Town, fetch


@pytest.fixture
def odile(town: Town) -> Citizen:
    return town.citizen("auditor", given_name="Odile")


def test_a_read_is_found_with_its_proof_and_no_way_to_the_paper(town: Town, alice: Citizen, odile: Citizen) -> None:
    document = alice.paper(label="Canary label")
    fetch(town, alice.lend(document))
    town.publish()
    page = odile.get("/auditor?kind=document_read")
    entry = re.search(r'href="/auditor/entries/([a-z0-9]+)"', page)
    assert entry
    shown = odile.get(f"/auditor/entries/{entry[1]}")
    assert "School enrolment" in shown
    for text in (page, shown):
        for hidden in ("Canary label", document, alice.account, alice.address, "/papers/" + document):
            assert hidden not in text
    proof = odile.open(f"/auditor/entries/{entry[1]}/proof")
    _checkpoint, _leaf, values = verify_receipt(proof.text, town.house.proofs.state().vkey)
    assert values["kind"] == "document_read"
    assert "document" not in values
    odile.get(f"/papers/{document}/original", HTTPStatus.NOT_FOUND)


def test_looking_is_written_down(odile: Citizen) -> None:
    odile.get("/auditor?kind=signed_in")
    assert "Ledger searched" in odile.get("/auditor?kind=ledger_searched")


def test_filters_stand_in_the_address_and_survive(odile: Citizen) -> None:
    page = odile.get("/auditor?since=2026-11-01&until=2026-11-30&kind=account_created")
    assert 'value="2026-11-01"' in page
    assert '<option value="account_created" selected>' in page
    assert "No entry fits" in odile.get("/auditor?until=2020-01-01")
    answer = odile.open("/auditor?since=yesterday")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'href="#since"' in answer.text


def test_one_person_is_looked_at_for_a_stated_reason_only(town: Town, alice: Citizen, odile: Citizen) -> None:
    alice.paper()
    answer = odile.post("/auditor/person", {"address": alice.address}, page="/auditor/person")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'href="#reason"' in answer.text
    fields = {"address": alice.address, "reason": "complaint"}
    answer = odile.post("/auditor/person", fields, page="/auditor/person")
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert alice.address not in answer.location
    assert alice.account not in answer.location
    assert "Paper added" in odile.get(answer.location)
    pseudonym = re.search(r"person=([a-z0-9]+)", answer.location)
    assert pseudonym
    assert odile.open(f"/auditor?person={pseudonym[1]}").status_code == HTTPStatus.BAD_REQUEST


def test_the_log_is_verified_and_a_changed_row_is_found(town: Town, alice: Citizen, odile: Citizen) -> None:
    alice.paper()
    town.publish()
    assert "The log holds" in odile.post("/auditor/verify", {}).text
    with town.house.database.transaction() as tx:
        tx.exec_driver_sql(
            "UPDATE audit_entries SET readable = replace(readable, 'proof_of_address', 'passport') "
            "WHERE kind = 'document_deposited'"
        )
    assert "The log does not hold" in odile.post("/auditor/verify", {}).text


def test_exports_are_whole(town: Town, alice: Citizen, odile: Citizen) -> None:
    fetch(town, alice.lend(alice.paper()))
    town.publish()
    table = odile.get("/auditor/export.csv?kind=document_read")
    assert table.splitlines()[0].startswith("time,index,kind")
    assert len(table.splitlines()) == 2
    lines = [json.loads(line) for line in odile.get("/auditor/export.jsonl?client=school-enrolment").splitlines()]
    assert {"document_lent", "document_read"} <= {line["kind"] for line in lines}
    bundle: Any = io.BytesIO(odile.post("/auditor/bundle", {}).data)
    assert verify_bundle(bundle, vkey=town.house.proofs.state().vkey).checkpoint.size > 0


AUDITORS = ["/auditor", "/auditor/person", "/auditor/entries/x", "/auditor/entries/x/proof", "/auditor/export.csv"]
OPERATORS = ["/operator/services", "/operator/services/add"]


def test_nobody_else_gets_in(town: Town, alice: Citizen, odile: Citizen) -> None:
    oscar = town.citizen("operator", given_name="Oscar")
    for path in AUDITORS:
        alice.get(path, HTTPStatus.FORBIDDEN)
        oscar.get(path, HTTPStatus.FORBIDDEN)
        assert town.stranger().open(path).status_code == HTTPStatus.SEE_OTHER
    for path in OPERATORS:
        alice.get(path, HTTPStatus.FORBIDDEN)
        odile.get(path, HTTPStatus.FORBIDDEN)
    for path in ("/auditor/verify", "/auditor/bundle"):
        assert alice.post(path, {}).status_code == HTTPStatus.FORBIDDEN
