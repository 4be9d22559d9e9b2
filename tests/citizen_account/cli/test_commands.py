"""Every command at its door: what it prints, its exit code, the entry it leaves, and one sentence when it can't."""

from __future__ import annotations

import getpass
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest

from audit.entries import PersonId
from audit.search import Filters
from citizen_account.__main__ import main
from citizen_account.cli import commands
from config.clock import SystemClock
from tests.citizen_account.town import PASSWORD, SCHOOL, Town
from tests.softhsm import LIBRARY, PIN, SoftHSM


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Command = Callable[..., Said]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """The command line as a shell calls it, but in this process; in a folder of its own, with no settings around."""
    for name in [name for name in os.environ if name.startswith("CITIZEN_ACCOUNT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CITIZEN_ACCOUNT_LOGS__STRICT", "true")
    monkeypatch.setenv("CITIZEN_ACCOUNT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SUDO_USER", "olga")
    monkeypatch.chdir(tmp_path)

    def called(*arguments: str, typed: str = "") -> Said:
        monkeypatch.setattr(sys, "argv", ["citizen-account", *arguments])
        standard_input = io.StringIO(typed)
        standard_input.name = "<stdin>"
        monkeypatch.setattr(sys, "stdin", standard_input)
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0) if not isinstance(end.code, str) else 1
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return called


@pytest.fixture
def here(run: Command, town: Town, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command line of this town's installation."""
    return installed(run, town, monkeypatch)


def installed(run: Command, town: Town, monkeypatch: pytest.MonkeyPatch) -> Command:
    settings = town.house.settings
    town.clock.advance(SystemClock().now() - town.clock.now())  # commands go by the machine's clock
    monkeypatch.setenv("CITIZEN_ACCOUNT_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("CITIZEN_ACCOUNT_DATABASE_URL", settings.database)
    for name, value in settings.s3.model_dump(exclude={"secret_access_key"}).items():
        monkeypatch.setenv(f"CITIZEN_ACCOUNT_S3_{name.upper()}", str(value))
    monkeypatch.setenv("CITIZEN_ACCOUNT_S3_SECRET_ACCESS_KEY", settings.s3.secret_access_key.get_secret_value())
    return run


def tree(group: click.Group = commands, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every command, groups too."""
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        yield (*above, name)
        if isinstance(found, click.Group):
            yield from tree(found, (*above, name))


def entries(town: Town) -> list[tuple[str, str]]:
    """Who ran which command, the oldest first."""
    auditor = town.citizen("auditor")
    found = town.house.search.search(PersonId(auditor.account), Filters(kind="command_run")).entries
    return [(row.values["actor"], row.values["command"]) for row in reversed(found)]


PROMISED = {
    "run", "web", "worker", "migrate", "config show", "config check", "citizen create", "citizen list", "citizen role",
    "citizen erase", "client import", "client add", "client list", "client secret", "client diagnose", "client remove",
    "keys list", "keys rotate", "ledger verify", "ledger checkpoint", "ledger export",
}  # fmt: skip


def test_every_promised_command_is_there() -> None:
    assert {" ".join(path) for path in tree()} >= PROMISED


@pytest.mark.parametrize("path", list(tree()), ids=" ".join)
def test_every_command_says_what_it_does_and_what_each_option_means(run: Command, path: tuple[str, ...]) -> None:
    said = run(*path, "--help")
    assert said.code == 0
    assert said.out.startswith("Usage: citizen-account " + " ".join(path))
    assert re.search(r"^  [A-Z]", said.out, re.MULTILINE)
    assert said.err == ""


@pytest.mark.parametrize(
    "wrong", [("no-such",), ("citizen", "no-such"), ("keys", "rotate", "no-such"), ("web", "--odd")]
)
def test_a_call_that_is_none_is_told_apart_by_its_exit_code(run: Command, wrong: tuple[str, ...]) -> None:
    said = run(*wrong)
    assert said.code == 2
    assert "Error:" in said.err
    assert said.out == ""


def test_what_is_shown_is_json_for_scripts_and_an_entry_of_whoever_asked(here: Command, town: Town) -> None:
    alice = town.citizen("facilitator")
    asked: dict[tuple[str, ...], Callable[[Any], bool]] = {
        ("citizen", "list", "--json"): lambda rows: rows[0]["account"] == alice.account,
        ("client", "list", "--json"): lambda rows: [row["client_id"] for row in rows] == ["school-enrolment"],
        ("keys", "list", "--json"): lambda rows: {row["kind"] for row in rows} >= {"signing", "root vault"},
        ("worker", "--failed", "--json"): lambda rows: rows == [],
        ("config", "show"): lambda rows: rows["public_url"] == "http://localhost:8000",
    }
    for command, holds in asked.items():
        said = here(*command)
        assert said.code == 0, said.err
        assert holds(json.loads(said.out)), said.out
        assert town.house.settings.s3.secret_access_key.get_secret_value() not in said.out
    assert entries(town) == [
        ("olga", "citizen list"),
        ("olga", "client list"),
        ("olga", "keys list"),
        ("olga", "worker --failed"),
        ("olga", "config show"),
    ]


def test_without_sudo_the_entry_names_the_login(here: Command, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_USER")
    here("client", "list")
    assert entries(town) == [(getpass.getuser(), "client list")]


def test_a_table_for_people_has_a_heading_and_a_row_each(here: Command, town: Town) -> None:
    alice = town.citizen("facilitator")
    heading, row = here("citizen", "list").out.splitlines()
    assert heading.split() == ["account", "since", "roles"]
    assert row.split()[0] == alice.account
    assert row.split()[-1] == "facilitator"


def test_an_account_is_made_without_a_password_and_without_an_address(here: Command, town: Town) -> None:
    with_address = json.loads(here("citizen", "create", "--email", "new@people.example", "--json").out)
    without = json.loads(here("citizen", "create", "--given-name", "Zoé", "--json").out)
    assert town.house.accounts.email(with_address[0]["account"]) == "new@people.example"
    assert town.house.accounts.email(without[0]["account"]) is None
    for command in (("citizen", "create"), ("ledger", "export"), ("ledger", "set-aside")):
        assert "--password" not in here(*command, "--help").out
    for refused, word in (("new@people.example", "address_taken"), ("no address", "bad_address")):
        said = here("citizen", "create", "--email", refused)
        assert (said.code, said.out) == (1, "")
        assert said.err.startswith(f"Error: {word}")
        assert len(said.err.splitlines()) == 1


def test_a_role_is_proposed_by_one_who_may_and_confirmed_by_nobody_here(here: Command, town: Town) -> None:
    alice, operator = town.citizen(), town.citizen("operator")
    assert here("citizen", "role", alice.account, "facilitator", "--by", operator.account).code == 0
    [proposal] = [row for row in town.house.roles.standing() if row.account == alice.account]
    assert proposal.confirmed_at is None
    said = here("citizen", "role", operator.account, "auditor", "--by", alice.account)
    assert (said.code, said.out) == (1, "")
    assert here("citizen", "role", alice.account, "mayor", "--by", operator.account).code == 2


def test_erasing_asks_first_and_leaves_nothing(here: Command, town: Town) -> None:
    alice = town.citizen()
    alice.paper()
    assert here("citizen", "erase", alice.account, typed="n\n").code == 1
    assert town.house.accounts.get(alice.account)
    said = here("citizen", "erase", alice.account, "--yes", "--json")
    assert said.code == 0, said.err
    receipt = json.loads(said.out)
    assert (receipt["documents"], bool(receipt["code"])) == (1, True)
    assert town.house.accounts.get(alice.account) is None
    again = here("citizen", "erase", alice.account, "--yes")
    assert (again.code, len(again.err.splitlines())) == (1, 1)


def test_a_service_is_imported_as_it_is_and_removed(here: Command, town: Town, tmp_path: Path) -> None:
    file = tmp_path / "client.json"
    file.write_text(
        json.dumps({**SCHOOL, "client_id": "library", "client_secret": "a secret that was theirs before, long"})
    )
    [row] = json.loads(here("client", "import", str(file), "--json").out)
    assert row == {"client_id": "library", "name": "School enrolment", "client_secret": "(kept)"}
    made = {name: value for name, value in SCHOOL.items() if not name.startswith("client_")} | {"client_name": "Pool"}
    [row] = json.loads(here("client", "import", "-", "--json", typed=json.dumps(made)).out)
    assert len(row["client_secret"]) >= 43
    assert here("client", "remove", "library").code == 0
    assert town.house.clients.get("library") is None
    for text, word in (
        ("[]", "must hold one JSON object"),
        ("{", "is not JSON"),
        ('{"redirect_uris": []}', "invalid_"),
    ):
        said = here("client", "import", "-", typed=text)
        assert (said.code, said.out) == (1, "")
        assert word in said.err
    said = here("client", "remove", "library")
    assert (said.code, said.err) == (1, "Error: There is no client library.\n")


def test_a_service_is_added_with_its_contract_and_gets_another_secret(
    run: Command, lone_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = installed(run, lone_town, monkeypatch)
    asked = ("--redirect-uri", "https://pool.example/cb", "--purpose", "canteen", "--max-reads", "3")
    agreed = ("--retention", "P1Y", "--contact", "pool@city.example")
    [row] = json.loads(here("client", "add", "Pool", *asked, *agreed, "--json").out)
    client = lone_town.house.clients.get(row["client_id"])
    assert client
    assert client.contract["purposes"]["canteen"]["document_types"] == [
        "family_quotient",
        "income_tax_notice",
        "insurance",
    ]
    assert lone_town.house.clients.check_secret(client, row["client_secret"])
    [new] = json.loads(here("client", "secret", client.client_id, "--json").out)
    lone_town.clock.advance(timedelta(seconds=6))  # the town's own node keeps a client that long
    assert lone_town.house.clients.check_secret(client, new["client_secret"])
    for arguments, code, word in (
        (asked, 2, "needs --retention and --contact"),
        ((*asked[:2], *agreed, "--purpose", "odd"), 1, "There is no purpose odd; there are school_enrolment"),
        (("--redirect-uri", "http://pool.example/cb"), 1, "invalid_redirect_uri"),
    ):
        said = here("client", "add", "Pool", *arguments)
        assert (said.code, said.out) == (code, "")
        assert word in said.err
    assert here("client", "secret", "nobody").err == "Error: There is no client nobody.\n"


def test_why_a_service_was_refused_is_said_in_words(
    run: Command, lone_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = installed(run, lone_town, monkeypatch)
    assert here("client", "diagnose", "school-enrolment").out == "None was refused lately.\n"
    lone_town.stranger().client.post("/token", data={"client_id": "school-enrolment", "grant_type": "x"})
    lone_town.stranger().client.get("/authorize?client_id=nobody")
    said = here("client", "diagnose", "school-enrolment")
    assert "/token  invalid_client: client authentication failed" in said.out
    assert "It named itself and proved nothing." in said.out
    [row] = json.loads(here("client", "diagnose", "school-enrolment", "--json").out)
    assert (row["endpoint"], row["error"], row["times"]) == ("/token", "invalid_client", 1)
    assert "names a service that is not registered here" in here("client", "diagnose").out
    assert here("client", "diagnose", "nobody").err == "Error: There is no client nobody.\n"


@pytest.mark.parametrize("kind", ["vault", "ledger", "provider"])
def test_a_root_is_rotated_and_everything_still_opens(here: Command, town: Town, kind: str) -> None:
    alice = town.citizen()
    document = alice.paper()
    before = town.house.rings[kind].current_version
    said = here("keys", "rotate", kind)
    assert said.code == 0, said.err
    assert f"version {before + 1} from now on" in said.out
    assert town.house.rings[kind].current_version == before + 1
    assert "Alice" in alice.get("/")
    alice.get(f"/papers/{document}")
    alice.get("/accesses")


def test_signing_keys_wait_until_the_next_one_is_known(here: Command) -> None:
    assert here("keys", "rotate", "signing").code == 0
    refused = here("keys", "rotate", "signing")
    assert refused.code == 1
    assert len(refused.err.splitlines()) == 1
    assert here("keys", "rotate", "signing", "--now").code == 0


def test_the_ledger_is_verified_shown_and_exported_for_an_auditor(here: Command, town: Town, tmp_path: Path) -> None:
    alice, odile = town.citizen(), town.citizen("auditor", given_name="Odile")
    nothing = here("ledger", "checkpoint")
    assert (nothing.code, nothing.err) == (1, "Error: Nothing is published yet.\n")
    alice.paper()
    town.publish()
    verified = here("ledger", "verify")
    assert verified.code == 0, verified.err
    assert "are what the log committed" in verified.out
    shown = here("ledger", "checkpoint")
    assert shown.out.startswith("localhost:8000/ledger\n")
    vkey = shown.out.strip().splitlines()[-1]
    bundle = tmp_path / "bundle.zip"
    for who, password in ((odile, "not the password at all"), (alice, PASSWORD)):
        refused = here("ledger", "export", str(bundle), "--email", who.address, typed=f"{password}\n")
        assert refused.code == 1
        assert refused.err.endswith("Error: This sign-in is not an auditor's.\n")
        assert not bundle.exists()
    exported = here("ledger", "export", str(bundle), "--email", odile.address, typed=f"{PASSWORD}\n")
    assert exported.code == 0, exported.err
    offline = here("ledger", "verify", str(bundle), "--vkey", vkey)
    assert offline.code == 0, offline.err
    assert "every one is in its tree" in offline.out
    bundle.write_bytes(bundle.read_bytes()[:-100])
    broken = here("ledger", "verify", str(bundle), "--vkey", vkey)
    assert (broken.code, len(broken.err.splitlines())) == (1, 1)
    assert broken.err.startswith("Error: Not verified: ")


def test_what_works_and_what_does_not_is_checked(here: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    said = here("config", "check", "--json")
    found = {row["check"]: row["works"] for row in json.loads(said.out)}
    assert {name: found[name] for name in ("object store", "key rings", "disk", "previews")} == dict.fromkeys(
        ("object store", "key rings", "disk", "previews"), True
    )
    monkeypatch.setenv("CITIZEN_ACCOUNT_S3_SECRET_ACCESS_KEY", "another-secret-than-theirs")
    said = here("config", "check")
    assert said.code == 1
    assert re.search(r"^FAIL  object store: .*SignatureDoesNotMatch", said.out, re.MULTILINE)


def test_an_installation_keeps_its_roots_in_a_token(
    run: Command, softhsm: SoftHSM, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in {"kind": "pkcs11", "library": str(LIBRARY), "token": "house", "pin": PIN}.items():
        monkeypatch.setenv(f"CITIZEN_ACCOUNT_KEY_RING__{name.upper()}", value)
    run("migrate")
    assert "FAIL  key rings: none in the token house yet" in run("config", "check").out
    shown = run("config", "show").out
    assert '"token": "house"' in shown
    assert PIN not in shown
    assert run("keys", "rotate", "ledger").code == 0
    checked = run("config", "check").out
    assert re.search(r"^ok +key rings: ledger, provider, vault in the token house$", checked, re.MULTILINE)
    roots = [(row["kind"], row["key"], row["state"]) for row in json.loads(run("keys", "list", "--json").out)]
    assert {("root vault", "1", "current"), ("root ledger", "2", "current")} < set(roots)
    assert list((tmp_path / "data" / "keys").glob("*.json")) == []
    monkeypatch.setenv("CITIZEN_ACCOUNT_KEY_RING__TOKEN", "village")
    said = run("keys", "list")
    assert (said.code, len(said.err.splitlines())) == (1, 1)
    assert f"{LIBRARY} has no token village" in said.err


@pytest.mark.parametrize("command", ["citizen list", "client list", "keys list", "worker --failed", "config show"])
def test_a_database_that_is_empty_is_one_sentence_with_the_mend(run: Command, command: str) -> None:
    said = run("migrate", "--check")
    assert said.code == 1
    said = run(*command.split())
    assert (said.code, said.out) == (1, "")
    assert re.fullmatch(
        r"The database sqlite:\S+ is not at this version. Bring it there: citizen-account migrate\n", said.err
    )


def test_migrating_makes_the_database_and_says_from_where_to_where(run: Command) -> None:
    first, second = run("migrate"), run("migrate")
    assert (first.code, second.code) == (0, 0)
    assert re.search(r"From nothing to \d{12}_\w+\.$", first.out.strip())
    assert re.search(r"The database is at \d{12}_\w+\.$", second.out.strip())
    assert run("migrate", "--check").code == 0


def test_a_database_that_is_down_is_one_sentence_without_its_password(
    run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITIZEN_ACCOUNT_DATABASE_URL", "postgresql+psycopg://account:hunter22@127.0.0.1:1/account")
    said = run("citizen", "list")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("The database postgresql+psycopg://account:***@127.0.0.1:1/account can't be used: ")
    assert len(said.err.splitlines()) == 1
    assert "hunter22" not in said.err


def test_a_wrong_setting_is_one_sentence_from_every_command(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITIZEN_ACCOUNT_PUBLIC_URL", "http://account.example")
    for command in ("run", "web", "worker", "migrate", "config check", "citizen list", "keys list", "ledger verify"):
        said = run(*command.split())
        assert (said.code, said.out) == (1, ""), command
        assert re.fullmatch(r"The setting public_url .* is wrong: .*\n", said.err), command


def test_a_job_is_begun_again_from_the_command_line(here: Command, town: Town) -> None:
    said = here("worker", "--retry", "no-such-job")
    assert (said.code, len(said.err.splitlines())) == (1, 1)
    assert "worker --failed lists them" in said.err
