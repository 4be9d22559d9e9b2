"""A backup put back beside a log that went on: what had ended stays ended, and meanwhile no door is open."""

from __future__ import annotations

import re
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, insert, select, text

from audit.tlog import endings
from citizen_account.worker import register
from config.database import Database, metadata
from oidc.consent import GrantView
from oidc.protocols import SubjectId
from tests.citizen_account import town as towns
from tests.citizen_account.town import PASSWORD, Citizen, Town, fetch, pdf
from vault.store import intents

Rows = dict[str, list[dict[str, Any]]]


def work(town: Town) -> None:
    """One turn of the worker, as often as it takes."""
    register(town.house)
    town.clock.advance(timedelta(seconds=2))
    town.house.jobs.run_periodic()
    town.house.jobs.run_due()


def backup(database: Database) -> Rows:
    with database.reading() as tx:
        return {t.name: [dict(row) for row in tx.execute(select(t)).mappings()] for t in metadata.sorted_tables}


def restart(town: Town) -> Town:
    """The same installation, started again: another process knows nothing of the first one's memory."""
    town.house.database.close()
    again = towns.open_again(town.house.settings, town.clock)
    again.people = town.people
    return again


def put_back(town: Town, rows: Rows) -> Town:
    database = town.house.database
    with database.transaction() as tx:
        for table in reversed(metadata.sorted_tables):
            tx.execute(delete(table))
        for table in metadata.sorted_tables:
            if rows[table.name]:
                tx.execute(insert(table), rows[table.name])
        if not database.is_sqlite:
            highest = "(select coalesce(max(number), 0) + 1 from audit_entries)"
            tx.execute(text(f"select setval(pg_get_serial_sequence('audit_entries', 'number'), {highest}, false)"))
    return restart(town)


def at_home(town: Town, person: Citizen) -> Citizen:
    """The same browser, now talking to the restarted house."""
    moved = town.stranger()
    for cookie in ("session", "language"):
        kept = person.client.get_cookie(cookie, domain="localhost")
        if kept is not None:
            moved.client.set_cookie(cookie, kept.value, domain="localhost")
    return Citizen(town, person.account, moved.client, person.address)


def approval(town: Town, person: Citizen) -> GrantView:
    return town.house.consent.grants_of(SubjectId(person.account))[0]


def test_what_was_erased_and_taken_back_after_the_backup_stays_so(town: Town, alice: Citizen) -> None:
    kept, gone = alice.paper(), alice.paper(pdf("Bank statement"))
    token = alice.lend(kept)
    bob = town.citizen(given_name="Bob")
    bob.paper()
    carol = town.citizen(given_name="Carol")
    carol.lend(carol.paper())
    work(town)
    taken = backup(town.house.database)

    alice.post(f"/papers/{gone}/delete", {"decision": "delete"})
    assert town.house.consent.take_back(SubjectId(alice.account), approval(town, alice).id)
    unwanted = approval(town, carol).id
    with town.house.database.transaction() as tx:
        assert town.house.consent.give_back(tx, "school-enrolment", unwanted)
    closing = bob.post("/leave", {"password": PASSWORD}).text
    code = re.search(r'class="receipt-code">([^<]+)<', closing)
    assert code
    late = alice.paper(pdf("After the backup"))
    work(town)
    published = town.house.proofs.checkpoint()

    town = put_back(town, taken)
    alice, bob = at_home(town, alice), at_home(town, bob)
    for path in (
        "/",
        "/sign-in",
        "/papers",
        f"/papers/{gone}",
        "/.well-known/openid-configuration",
        "/ledger/checkpoint",
    ):
        assert alice.open(path).status_code == HTTPStatus.SERVICE_UNAVAILABLE, path
    assert "bringing everything up to date" in alice.open("/").text
    assert alice.open("/").headers["Retry-After"] == "30"
    assert fetch(town, token).status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert alice.open("/health").text.startswith("closed")

    work(town)
    assert alice.open("/health").text == "ok\n"
    assert alice.get(f"/papers/{kept}")
    alice.get(f"/papers/{gone}", HTTPStatus.NOT_FOUND)
    alice.get(f"/papers/{late}", HTTPStatus.NOT_FOUND)
    assert fetch(town, token).status_code == HTTPStatus.UNAUTHORIZED
    assert bob.open("/papers").location.startswith("/sign-in")
    assert town.house.accounts.get(bob.account) is None
    assert (approval(town, alice).stands, approval(town, alice).returned) == (False, False)
    assert (approval(town, carol).stands, approval(town, carol).returned) == (False, True)
    # The receipt that Bob took home is still good.
    shown = town.stranger().post("/closed-account", {"code": code[1]}, page="/closed-account")
    assert "You added" in shown.text
    report = town.house.restoring.report()
    assert [(row.ended, row.lost > 0) for row in report.restores] == [(7, True)]
    assert consistent(town, published)


def test_a_paper_deposited_after_the_backup_is_reported_and_goes_only_at_an_operators_word(
    town: Town, alice: Citizen
) -> None:
    alice.paper()
    work(town)
    taken = backup(town.house.database)
    before = set(town.stored_objects())
    alice.paper(pdf("After the backup"))
    work(town)
    late = set(town.stored_objects()) - before
    assert late
    town = put_back(town, taken)
    work(town)
    assert set(town.house.restoring.report().unknown_objects) == late
    town.clock.advance(timedelta(days=40))
    town.house.retention.sweep()
    assert late <= set(town.stored_objects())

    assert town.house.restoring.confirm_sweep() == len(late)
    town.house.retention.sweep()
    assert late <= set(town.stored_objects())  # a newer copy of the database may turn up until the window ends
    town.clock.advance(timedelta(days=31))
    town.house.retention.sweep()
    assert set(town.stored_objects()) == before


def test_an_upload_cut_off_in_the_backup_is_swept_only_at_an_operators_word(
    lone_town: Town, lone_alice: Citizen
) -> None:
    town, alice = lone_town, lone_alice
    name = town.house.intake._objects.new_name()
    with town.house.database.transaction() as tx:
        intents.add(tx, [name], town.clock.now())
    work(town)
    taken = backup(town.house.database)
    town.house.stores["papers"].put(name, b"ended after the backup")
    alice.paper()
    work(town)
    town = put_back(town, taken)
    work(town)
    town.clock.advance(timedelta(days=2))
    town.house.retention.sweep()
    assert town.house.restoring.report().uploads_cut_off == 1
    assert name in town.stored_objects()
    town.house.restoring.confirm_sweep()
    town.house.retention.sweep()
    assert name not in town.stored_objects()


def test_an_agreement_withdrawn_after_the_backup_is_withdrawn_again(lone_town: Town, lone_alice: Citizen) -> None:
    town, alice = lone_town, lone_alice
    alice.paper()
    work(town)
    owner = town.house.accounts.owner_of(alice.account)
    assert town.house.documents.agreement(owner)
    taken = backup(town.house.database)
    town.house.documents.record_agreement(owner, False)
    work(town)
    town = put_back(town, taken)
    work(town)
    assert town.house.documents.agreement(owner) is False


@pytest.mark.parametrize("change", ["gone", "forged"])
def test_without_the_list_of_what_ended_the_doors_stay_closed_until_an_operator_opens_them(
    lone_town: Town, lone_alice: Citizen, change: str
) -> None:
    town, alice = lone_town, lone_alice
    gone = alice.paper()
    work(town)
    taken = backup(town.house.database)
    alice.post(f"/papers/{gone}/delete", {"decision": "delete"})
    work(town)
    size = int(town.house.proofs.checkpoint().split("\n")[1])
    live, path = town.house.stores["ledger"], endings.path(0, size)
    if change == "gone":
        live.delete(path)
    else:  # a list of the same bundle that names nothing, signed by nobody
        origin = town.house.settings.ledger_origin
        live.overwrite(path, endings.encode({}, 0, size, Ed25519PrivateKey.generate(), origin))
    town = put_back(town, taken)
    alice = at_home(town, alice)
    for _ in range(3):
        work(town)
        assert alice.open("/").status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert town.house.restoring.open_without() == 1
    work(town)
    assert alice.open("/").status_code == HTTPStatus.OK
    assert alice.get(f"/papers/{gone}")


def test_a_receipts_date_holds_after_the_restore(lone_town: Town, lone_alice: Citizen) -> None:
    """The root version that a receipt names is gone by the date that it names, though the promise was lost."""
    town, alice = lone_town, lone_alice
    gone = alice.paper()
    work(town)
    taken = backup(town.house.database)
    alice.post(f"/papers/{gone}/delete", {"decision": "delete"})
    promised = town.clock.now() + timedelta(days=30)
    work(town)
    town.clock.advance(timedelta(days=20))
    town = put_back(town, taken)
    work(town)
    town.house.retention.renew_root()
    ends = [version.destroy_at for version in town.house.rings["vault"].versions() if version.destroy_at]
    assert ends == [promised]


def consistent(town: Town, before: str) -> bool:
    """Whether one log holds what was published before the restore and everything since."""
    work(town)
    town.house.proofs.check_database()
    size = int(before.split("\n")[1])
    proof, note = town.house.proofs.consistency(size)
    return bool(proof) and int(note.split("\n")[1]) > size


def test_a_node_that_can_not_tell_keeps_its_doors_closed(lone_town: Town, lone_alice: Citizen) -> None:
    work(lone_town)
    settings = lone_town.house.settings
    away = settings.s3.model_copy(update={"endpoint_url": "http://127.0.0.1:9"})
    lone_town.house.database.close()
    started = towns.open_again(settings.model_copy(update={"s3": away}), lone_town.clock)
    assert at_home(started, lone_alice).open("/papers").status_code == HTTPStatus.SERVICE_UNAVAILABLE
    started.house.database.close()
    started = towns.open_again(settings, lone_town.clock)
    assert at_home(started, lone_alice).open("/papers").status_code == HTTPStatus.OK
    started.house.database.close()
