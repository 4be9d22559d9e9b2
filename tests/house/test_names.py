"""What no linter knows: the names resolve to this checkout, the map is true, every column says what it holds."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import String, Text

import citizen_account.tables  # noqa: F401 -- so that the metadata is whole
from citizen_account.cli import commands
from config.database import metadata
from oidc.endpoints import discovery

ROOT = Path(__file__).parent.parent.parent
ROOMS = ("citizen_account", "oidc", "vault", "audit", "config")


@pytest.mark.parametrize("room", ROOMS)
def test_the_rooms_are_those_of_this_checkout(room: str) -> None:
    found = importlib.import_module(room).__file__
    assert found
    assert Path(found).parent == ROOT / room


def test_every_path_on_the_map_exists() -> None:
    paths = re.findall(
        r"`((?:citizen_account|oidc|vault|audit|config|examples)/[\w./]+)`", (ROOT / "docs/map.md").read_text()
    )
    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_link_of_the_readme_and_the_docs_leads_somewhere() -> None:
    broken = [
        f"{page.name}: {target}"
        for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
        for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_decision_that_is_cited_exists_and_has_a_number_of_its_own() -> None:
    numbers = [page.name[:4] for page in (ROOT / "docs/decisions").glob("*.md")]
    assert len(set(numbers)) == len(numbers) > 20
    pages = [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *(page for room in ROOMS for page in (ROOT / room).rglob("*") if page.suffix in {".py", ".html", ".toml"}),
    ]
    cited = {number: page.name for page in pages for number in re.findall(r"docs/decisions/(\d{4})", page.read_text())}
    assert {"0501", "0601"} <= cited.keys()
    assert {number: name for number, name in cited.items() if number not in numbers} == {}


def test_help_texts_in_the_documents_are_the_tools_own() -> None:
    shown = {
        (page.name, call): text
        for page in [ROOT / "README.md", *ROOT.glob("docs/*.md")]
        for call, text in re.findall(r"```\n\$ citizen-account (.*?--help)\n(.*?)```", page.read_text(), re.DOTALL)
    }
    assert ("README.md", "--help") in shown
    for (page, call), text in shown.items():
        told = CliRunner().invoke(commands, call.split(), prog_name="citizen-account", terminal_width=80).output
        assert text == told, f"{page}: citizen-account {call}"


def test_every_text_column_is_sealed_or_says_why_it_is_in_clear() -> None:
    unsaid = [
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, String | Text) and not column.comment and not column.primary_key
    ]
    assert unsaid == []


def test_tables_are_prefixed_by_room_and_no_key_crosses_rooms() -> None:
    rooms = ("account_", "oidc_", "vault_", "audit_", "job_")
    assert [table.name for table in metadata.sorted_tables if not table.name.startswith(rooms)] == []
    crossing = [
        f"{table.name}.{key.column}"
        for table in metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name.split("_")[0] != table.name.split("_")[0]
    ]
    assert crossing == []


def test_discovery_announces_exactly_what_the_specifications_page_claims() -> None:
    page = (ROOT / "docs/specifications.md").read_text()
    claimed = json.loads(page.partition("```json\n")[2].partition("```")[0])
    assert discovery.metadata("https://account.city.example") == claimed
