"""`citizen-account ledger`: verify, the exchanges of a closed account, what a restore found."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from citizen_account.cli import commands
from config.errors import ObjectMissing
from tests.citizen_account.town import PASSWORD, Citizen, Town, fetch

Run = Callable[..., Result]


@pytest.fixture
def run(lone_town: Town, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on the town's installation."""
    settings = lone_town.house.settings
    values = {
        "DATA_DIR": str(settings.data_dir),
        **{f"S3__{name.upper()}": str(value) for name, value in settings.s3.model_dump().items()},
        "S3__SECRET_ACCESS_KEY": settings.s3.secret_access_key.get_secret_value(),
    }
    for name, value in values.items():
        monkeypatch.setenv(f"CITIZEN_ACCOUNT_{name}", value)

    def running(*arguments: str, **given: str) -> Result:
        return CliRunner().invoke(commands, ["ledger", *arguments], **given)  # type: ignore[arg-type]

    return running


def test_the_live_log_and_a_copy_of_it_verify_and_a_changed_tile_is_found(
    lone_town: Town, lone_alice: Citizen, run: Run, tmp_path: Path
) -> None:
    lone_alice.paper()
    lone_town.publish()
    size = int(lone_town.house.proofs.checkpoint().split("\n")[1])
    done = run("verify", "--live")
    assert (done.exit_code, f"holds {size} entries" in done.output) == (0, True), done.output

    store, copied = lone_town.house.stores["ledger"], tmp_path / "log"
    for name in store.list():
        (copied / name).parent.mkdir(parents=True, exist_ok=True)
        (copied / name).write_bytes(store.get(name)[0])
    vkey = lone_town.house.proofs.state().vkey
    assert run("verify", str(copied), "--vkey", vkey).exit_code == 0
    assert "--vkey" in run("verify", str(copied)).output
    older = tmp_path / "kept.txt"
    older.write_text(lone_town.house.proofs.checkpoint())
    assert run("verify", str(copied), "--vkey", vkey, "--checkpoint", str(older)).exit_code == 0

    tile = next(name for name in store.list() if name.startswith("tile/entries/"))
    store.overwrite(tile, store.get(tile)[0][:-1] + b"x")
    done = run("verify", "--live")
    assert (done.exit_code, "Not verified" in done.output) == (1, True)


def test_an_auditor_opens_what_is_set_aside_for_a_reason_and_that_is_written_down(
    lone_town: Town, lone_alice: Citizen, run: Run
) -> None:
    auditor = lone_town.citizen("auditor", given_name="Odile")
    other = lone_town.citizen(given_name="Bob")
    fetch(lone_town, lone_alice.lend(lone_alice.paper()))
    entry = lone_town.house.search.of_person(lone_alice.account).entries[0]  # type: ignore[arg-type]
    pseudonym = entry.values["persons"]
    lone_alice.post("/leave", {"password": PASSWORD})

    def asked(who: Citizen, *more: str) -> Result:
        return run("set-aside", pseudonym, *more, "--email", who.address, "--json", input=f"{PASSWORD}\n")

    assert "--reason" in asked(auditor).output
    assert asked(auditor, "--reason", "curiosity").exit_code == 2
    assert "not an auditor's" in asked(other, "--reason", "complaint").output
    shown = asked(auditor, "--reason", "complaint")
    assert shown.exit_code == 0, shown.output
    read = next(row for row in json.loads(shown.stdout) if row["kind"] == "document_read")
    assert (read["client"], read["agent"]) == ("school-enrolment", "clerk-7")
    looked = lone_town.house.search.of_person(auditor.account).entries  # type: ignore[arg-type]
    assert ("set_aside", "complaint", pseudonym) in {
        (one.values.get("filters"), one.values.get("reason"), one.values.get("pseudonym")) for one in looked
    }


def test_it_says_what_no_row_names_and_lets_it_go_at_a_word(lone_town: Town, lone_alice: Citizen, run: Run) -> None:
    lone_alice.paper()
    papers = lone_town.house.stores["papers"]
    name = "papers/2026/11/nobodys"
    papers.put(name, b"of a paper that the backup did not hold")
    done = run("restored", "--json")
    assert json.loads(done.stdout) == [{"object": name}]
    assert "1 objects have no row" in run("restored").output
    run("restored", "--sweep", input="n\n")
    lone_town.house.retention.delete_discarded()
    assert papers.get(name)
    run("restored", "--sweep", input="y\n")
    assert json.loads(run("restored", "--json").stdout) == []
    assert papers.get(name)  # until the window ends


def test_a_command_is_an_entry(lone_town: Town, run: Run) -> None:
    run("restored")
    with lone_town.house.database.reading() as tx:
        said = tx.exec_driver_sql("select readable from audit_entries where kind = 'command_run'").scalars().all()
    assert [json.loads(one)["command"][0] for one in said] == ["ledger restored"]


def test_nothing_published_yet_is_a_sentence(lone_town: Town, run: Run) -> None:
    with pytest.raises(ObjectMissing):
        lone_town.house.stores["ledger"].get("checkpoint")
    done = run("checkpoint")
    assert (done.exit_code, "Nothing is published yet" in done.output) == (1, True)
