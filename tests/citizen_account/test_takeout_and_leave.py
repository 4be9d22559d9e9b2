"""Taking everything home, and leaving: at the door, with what is left afterwards."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from datetime import timedelta
from http import HTTPStatus

import pytest
from sqlalchemy import select

from audit.entries import PersonId
from audit.errors import UnknownEntry
from audit.verification import verify_bundle
from config.database import metadata
from tests.citizen_account.town import PASSWORD, Citizen, Town, fetch, jpeg, pdf
from tests.clocks import FixedClock


def test_the_archive_holds_the_exact_bytes_and_says_what_they_are(alice: Citizen) -> None:
    bill = pdf(pages=4)
    document = alice.paper(bill, label="Bill / March: \u00e9t\u00e9")
    alice.upload(jpeg(), "me.jpg", "image/jpeg", {"document_type": "identity_card", "label": ""})
    fetch(alice.town, alice.lend(document))
    answer = alice.post("/takeout", {})
    assert answer.content_type == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert archive.testzip() is None
    manifest = json.loads(archive.read("manifest.json"))
    assert {"README.txt", "LISEZ-MOI.txt"} < set(archive.namelist())
    assert len(manifest["documents"]) == 2
    for paper in manifest["documents"]:
        assert hashlib.sha256(archive.read(paper["file"])).hexdigest() == paper["sha256"]
    mine = next(paper for paper in manifest["documents"] if paper["document_type"] == "proof_of_address")
    assert archive.read(mine["file"]) == bill
    assert mine["file"].endswith("Bill  March été.pdf")
    assert "document_read" in {entry["kind"] for entry in mine["history"]}
    assert manifest["account"]["addresses"][0]["address"] == alice.address
    assert any(entry["kind"] == "takeout_made" for entry in manifest["ledger"])
    assert manifest["lendings"][0]["service"] == "school-enrolment"


def test_the_page_says_how_much_there_is(alice: Citizen) -> None:
    alice.paper()
    assert "1 paper, exactly as you added it" in alice.get("/takeout")


def test_leaving_names_who_counts_on_it_and_what_the_law_keeps(alice: Citizen) -> None:
    alice.lend(alice.paper())
    page = alice.get("/leave")
    for words in ("School enrolment", "R114-9-7", "36 months", "2 December 2026", "your 1 paper"):
        assert words in page, words


def test_a_wrong_password_closes_nothing(alice: Citizen) -> None:
    answer = alice.post("/leave", {"password": "wrong"})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Nothing was closed" in answer.text
    alice.get("/papers")


def test_after_leaving_nothing_of_the_person_is_left(town: Town, alice: Citizen) -> None:
    token = alice.lend(alice.paper(label="Canary label"))
    fetch(town, token)
    answer = alice.post("/leave", {"password": PASSWORD})
    assert answer.status_code == HTTPStatus.OK
    assert "Your account is closed" in answer.text
    assert town.house.accounts.get(alice.account) is None
    assert fetch(town, token).status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
    assert alice.open("/papers").location.startswith("/sign-in")
    assert rows_with(town, alice.account) == {}


def test_the_ledger_still_verifies_and_the_code_opens_the_exchanges(
    town: Town, alice: Citizen, tmp_path: object
) -> None:
    fetch(town, alice.lend(alice.paper()))
    closing = alice.post("/leave", {"password": PASSWORD}).text
    code = re.search(r'class="receipt-code">([^<]+)<', closing)
    assert code
    town.publish()
    town.house.proofs.check_database()
    made = io.BytesIO()
    auditor = town.citizen("auditor", given_name="Odile")
    town.house.export.bundle(PersonId(auditor.account), made)
    assert verify_bundle(made).readable > 0  # type: ignore[arg-type]
    stranger = town.stranger()
    shown = stranger.post("/closed-account", {"code": code[1]}, page="/closed-account")
    assert "School enrolment looked at" in shown.text
    wrong = stranger.post("/closed-account", {"code": "x" * 43}, page="/closed-account")
    assert wrong.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def test_the_codes_page_is_limited(town: Town, clock: FixedClock) -> None:
    stranger = town.stranger()
    statuses = [
        stranger.post("/closed-account", {"code": f"{n}"}, page="/closed-account").status_code for n in range(11)
    ]
    assert statuses[-1] == HTTPStatus.TOO_MANY_REQUESTS
    clock.advance(timedelta(minutes=16))
    assert stranger.post("/closed-account", {"code": "x"}, page="/closed-account").status_code == 422


def rows_with(town: Town, value: str) -> dict[str, int]:
    """Tables that still name someone, with how many rows; closed interactions and their like may not."""
    found = {}
    with town.house.database.reading() as tx:
        for table in metadata.sorted_tables:
            rows = [row for row in tx.execute(select(table)) if value in map(str, row)]
            if rows:
                found[table.name] = len(rows)
    return found


def test_the_key_of_exchanges_goes_when_the_last_of_them_is_36_months_old(lone_town: Town, lone_alice: Citizen) -> None:
    town, account = lone_town, lone_alice.account
    last = town.clock.now()
    lone_alice.paper()
    town.clock.advance(timedelta(days=200))
    receipt = town.house.erasure.close(account)
    assert receipt.exchanges_until == last + timedelta(days=1096)
    assert town.house.search.with_code(receipt.code)
    town.clock.advance(receipt.exchanges_until - town.clock.now() - timedelta(days=1))
    assert town.house.ledger_keys.destroy_due() == 0
    town.clock.advance(timedelta(days=1))
    assert town.house.ledger_keys.destroy_due() == 1
    with pytest.raises(UnknownEntry):
        town.house.search.with_code(receipt.code)
