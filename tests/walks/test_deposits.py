"""Papers given in: each kind of file, the bar that shows how far it is, and what is refused with all else kept."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.installation import RunningHouse
from tests.walks.papers import bill, photograph, save
from tests.walks.person import Person, new_person

FILES = [
    ("proof_of_address", "edf novembre.pdf", bill()),
    ("identity_card", "IMG_2041.jpg", photograph()),
    ("passport", "scan 3.png", photograph("PASSPORT", "PNG")),
    ("birth_certificate", "IMG_0007.HEIC", photograph("ACTE DE NAISSANCE", "HEIF")),
]
SLOW = {"offline": False, "latency": 20, "downloadThroughput": -1, "uploadThroughput": 400_000}
"""Bytes a second: a line in the country."""


@pytest.fixture(scope="module")
def depositor(town: RunningHouse, chromium: Browser) -> Iterator[Person]:
    made = new_person(town, chromium, accept_downloads=True)
    made.sign_up("olga@people.example")
    yield made
    made.context.close()


def seen(page: Page) -> list[int]:
    """The widths in which the pictures of the paper on this page are really drawn."""
    shown = page.locator(".paper-pages img")
    for _ in range(100):
        if shown.count():
            break
        page.wait_for_timeout(100)
        page.reload()
    return [one.evaluate("(e) => { e.scrollIntoView(); return e.decode().then(() => e.naturalWidth); }")
            for one in shown.all()]  # fmt: skip


def downloaded(page: Page) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name="Download", exact=True).click()
    return Path(download.value.path()).read_bytes()


@pytest.mark.parametrize(("kind", "name", "content"), FILES, ids=[name for _, name, _ in FILES])
def test_a_paper_is_seen_and_comes_back_byte_for_byte(
    depositor: Person, tmp_path: Path, kind: str, name: str, content: bytes
) -> None:
    depositor.add_paper(kind, save(tmp_path, name, content))
    widths = seen(depositor.page)
    assert widths
    assert min(widths) > 100
    assert downloaded(depositor.page) == content
    assert depositor.reports == []


def test_a_newer_one_takes_its_place_and_a_deleted_one_is_gone(person: Person, tmp_path: Path) -> None:
    person.sign_up("theo@people.example")
    address = person.add_paper("proof_of_address", save(tmp_path, "october.pdf", bill("October")))
    page = person.page
    page.get_by_role("button", name="Replace with a newer one").click()
    person.choose_paper("proof_of_address", save(tmp_path, "november.pdf", bill("November")))
    page.get_by_role("button", name="Keep this paper").click()
    page.get_by_text("The newer one is kept.").wait_for()
    assert downloaded(page) == bill_of(tmp_path, "november.pdf")
    person.go("/papers")
    assert page.locator(".paper").count() == 1
    page.locator(".paper a").click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete this paper").click()
    page.get_by_text("The paper is gone here.").wait_for()
    page.get_by_text("Your papers will be here.").wait_for()
    person.go(address)
    page.get_by_role("heading", name="There is no such page").wait_for()


def bill_of(folder: Path, name: str) -> bytes:
    return (folder / name).read_bytes()


@dataclass
class Told:
    """What the bar said, in order: its value and the text beside it."""

    values: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def note(self, value: int, text: str) -> None:
        self.values.append(value)
        if text not in self.texts[-1:]:
            self.texts.append(text)


WATCH = """() => new MutationObserver(() => {
  const bar = document.querySelector('.upload-progress progress');
  if (bar) note(bar.value, document.querySelector('.upload-progress [aria-live]').textContent);
}).observe(document.querySelector('form[data-upload]'), {subtree: true, childList: true, attributes: true,
  characterData: true})"""


def test_on_a_slow_line_a_bar_shows_how_far_the_paper_is(person: Person, tmp_path: Path) -> None:
    person.sign_up("marcel@people.example")
    page, told = person.page, Told()
    noisy = tmp_path / "photo.png"
    Image.effect_noise((1100, 1100), 90).save(noisy)
    person.choose_paper("identity_card", noisy)
    page.expose_function("note", told.note)
    page.evaluate(WATCH)
    line = person.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", SLOW)
    page.get_by_role("button", name="Keep this paper").click()
    bar = page.get_by_role("progressbar", name="Sending your paper…")
    expect(bar).to_be_visible()
    expect(page.get_by_role("button", name="Keep this paper")).to_have_attribute("aria-disabled", "true")
    page.get_by_role("button", name="Keep this paper").click(force=True)  # a second press sends nothing twice
    page.wait_for_url(re.compile("done=added"), timeout=30_000)
    line.send("Network.emulateNetworkConditions", {**SLOW, "uploadThroughput": -1})
    assert told.values == sorted(told.values)
    assert len({value for value in told.values if 0 < value < 100}) >= 3
    assert told.texts[0] == "Sending your paper…"
    assert [text for text in told.texts if re.fullmatch(r"\d+ percent sent", text)]
    assert told.texts[-1] == "Sent. Locking it away…"
    assert downloaded(page) == noisy.read_bytes()
    person.go("/papers")
    assert page.locator(".paper").count() == 1


def test_a_line_that_breaks_says_so_and_keeps_the_form(person: Person, tmp_path: Path) -> None:
    person.sign_up("nour@people.example")
    page = person.page
    person.choose_paper("proof_of_address", save(tmp_path, "bill.pdf", bill()), "Gas, November")
    person.context.set_offline(True)
    page.get_by_role("button", name="Keep this paper").click()
    page.get_by_role("alert").get_by_text("The connection broke. Look among your papers").wait_for()
    person.context.set_offline(False)
    assert page.get_by_label("Your name for it").input_value() == "Gas, November"
    page.get_by_role("button", name="Keep this paper").click()
    page.wait_for_url(re.compile("done=added"))
    assert downloaded(page) == bill_of(tmp_path, "bill.pdf")


REFUSED = [
    ("too large", "film.pdf", b"", "This file is too large"),
    ("another type", "letter.docx", b"PK\x03\x04" + b"word/document.xml" * 40, "This kind of file can't be kept"),
    ("not what it says", "photo.jpg", bill(), "This file says that it is one kind and is another"),
    ("a way out of the folder", "../../etc/passwd.pdf", bill(), "The file's name holds signs that could mislead"),
    ("right to left", "bill\u202efdp.pdf", bill(), "The file's name holds signs that could mislead"),
    ("empty", "empty.pdf", b"", "This file is empty"),
]


@pytest.fixture(scope="module", params=["with JavaScript", "without JavaScript"])
def careless(town: RunningHouse, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Person]:
    """Who sends what can't be kept."""
    scripted = request.param == "with JavaScript"
    made = new_person(town, chromium, java_script_enabled=scripted)
    made.sign_up(f"hugo{scripted}@people.example".lower())
    yield made
    made.context.close()


@pytest.mark.parametrize(("why", "name", "content", "said"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_refused_paper_keeps_what_was_typed(
    careless: Person, tmp_path: Path, why: str, name: str, content: bytes, said: str
) -> None:
    page = careless.page
    large = tmp_path / "film.pdf"
    careless.go("/papers/add?type=proof_of_address")
    careless.choose_paper("proof_of_address", save(tmp_path, "unused.pdf", bill()), "Gas, November")
    if why == "too large":
        large.write_bytes(bill())
        with large.open("ab") as file:
            file.truncate(51 * 1024 * 1024)
        page.locator("#file").set_input_files(large)
    else:
        page.locator("#file").set_input_files({"name": name, "mimeType": "application/pdf", "buffer": content})
    page.get_by_role("button", name="Keep this paper").click()
    link = page.locator(".govuk-error-summary a")
    link.wait_for()
    assert said in link.inner_text()
    assert page.title().startswith("Error:")
    assert said in page.locator("#file-error").inner_text()
    assert "file-error" in str(page.locator("#file").get_attribute("aria-describedby"))
    link.click()
    assert page.evaluate("document.activeElement.id") == "file" or page.url.endswith("#file")
    assert page.get_by_label("Your name for it").input_value() == "Gas, November"
    typed = [page.get_by_label(part).input_value() for part in ("Day", "Month", "Year")]
    assert [figures.lstrip("0") for figures in typed] == ["2", "11", "2026"]
    if careless.scripted:
        careless.look()
    careless.go("/papers")
    page.get_by_text("Your papers will be here.").wait_for()


def test_without_javascript_the_same_form_keeps_the_same_bytes(
    town: RunningHouse, chromium: Browser, tmp_path: Path
) -> None:
    person = new_person(town, chromium, java_script_enabled=False, accept_downloads=True)
    person.sign_up("simone@people.example")
    file = save(tmp_path, "IMG_0001.heic", photograph(kind="HEIF"))
    person.add_paper("identity_card", file)
    kept = downloaded(person.page)
    assert hashlib.sha256(kept).digest() == hashlib.sha256(file.read_bytes()).digest()
    person.context.close()
