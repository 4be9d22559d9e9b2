"""The four walks of the house, as people walk them: in a browser, on the real parts, with axe on every page."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.installation import ROOT, RunningHouse, environment
from tests.walks.conftest import PASSWORD, PHONE, Person, bill, new_person, photograph, save


def add_paper(person: Person, kind: str, file: Path, label: str = "") -> None:
    """From the page of papers: choose the kind, the file, send."""
    page = person.page
    page.goto(f"{person.town.url}/papers/add?type={kind}")
    person.check_accessibility()
    if label:
        page.get_by_label("Your name for it").fill(label)
    issued = page.get_by_label("Day").first
    if issued.count():
        page.get_by_label("Day").first.fill("2")
        page.get_by_label("Month").first.fill("11")
        page.get_by_label("Year").first.fill("2026")
    agreement = page.get_by_label("Yes, draw pictures")
    if agreement.count():
        agreement.check()
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name=re.compile("^(Add|Replace|Keep|Send)")).last.click()
    page.wait_for_url(re.compile(r"/papers(\?|$|/[a-z0-9]{20,})"))
    person.check_accessibility()


def begin_at_school(person: Person) -> Page:
    page = person.go(person.town.example_url)
    page.get_by_role("button", name="Continue with the city account").click()
    page.wait_for_url(re.compile(r"/(release|sign-in)"))
    return page


def test_deposit_lend_see_take_back_audit_take_home_and_leave(
    town: RunningHouse,
    chromium: Browser,
    tmp_path: Path,
) -> None:
    person = new_person(town, chromium, accept_downloads=True)
    person.go("/?lang=en")
    person.check_accessibility()
    person.sign_up("alice@people.example")
    person.check_accessibility()
    page = person.page

    # Deposit: three papers, one of them a photograph.
    papers = {
        "proof_of_address": save(tmp_path, "edf novembre.pdf", bill()),
        "identity_card": save(tmp_path, "IMG_2041.jpg", photograph()),
        "birth_certificate": save(tmp_path, "acte.pdf", bill("Birth certificate")),
    }
    for kind, file in papers.items():
        add_paper(person, kind, file, label=f"My {kind.replace('_', ' ')}")
    person.go("/papers")
    person.check_accessibility()
    page.get_by_role("link", name="My identity card").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download", exact=True).click()
    assert Path(download.value.path()).read_bytes() == papers["identity_card"].read_bytes()

    # Lend, from the e-service and back.
    begin_at_school(person)
    assert "Nothing has been sent yet" in page.inner_text("main")
    person.check_accessibility()
    page.set_viewport_size(PHONE)  # type: ignore[arg-type] # a plain dict
    person.check_accessibility()
    page.get_by_role("button", name=re.compile("^Send")).click()
    page.wait_for_url(f"{town.example_url}/enrolment")
    shown = page.inner_text("main")
    for file in papers.values():
        assert hashlib.sha256(file.read_bytes()).hexdigest() in shown

    # See it, take it back; the service's next fetch is refused and says why.
    person.go("/accesses")
    person.check_accessibility()
    told = page.inner_text("main")
    assert "School enrolment looked at" in told
    while page.get_by_role("button", name=re.compile("^Stop")).count():
        page.get_by_role("button", name=re.compile("^Stop")).first.click()
        page.wait_for_url(re.compile("/accesses"))
    person.go(f"{town.example_url}/enrolment?again=1")
    assert "The city refused: The citizen took this approval back on" in page.inner_text("main")

    # Audit: the access is there, the log verifies, no paper and no way to one.
    _audit(town, chromium, tmp_path)

    # Everything home, byte for byte.
    person.go("/takeout")
    person.check_accessibility()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download everything").click()
    archive = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
    manifest = json.loads(archive.read(next(name for name in archive.namelist() if name.endswith("manifest.json"))))
    assert manifest
    kept = {hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}
    assert {hashlib.sha256(file.read_bytes()).hexdigest() for file in papers.values()} <= kept

    # Leave.
    person.go("/leave")
    person.check_accessibility()
    assert "36" in page.inner_text("main")
    page.get_by_label(re.compile("password", re.IGNORECASE)).first.fill(PASSWORD)
    page.get_by_role("button", name="Close my account").click()
    page.get_by_role("heading", name=re.compile("closed", re.IGNORECASE)).first.wait_for()
    person.check_accessibility()
    person.sign_in()
    assert "do not go together" in page.inner_text("main")
    person.context.close()


def _audit(town: RunningHouse, chromium: Browser, tmp_path: Path) -> None:
    link = next(line.split()[-1] for line in town.said if "First auditor" in line)
    auditor = new_person(town, chromium, accept_downloads=True)
    auditor.sign_up("auditor@people.example")
    page = auditor.go(link)
    auditor.check_accessibility()
    page.get_by_role("button", name="Take this role").click()
    page.wait_for_url(f"{town.url}/")
    auditor.go("/auditor?kind=document_read")
    auditor.check_accessibility()
    assert "school-enrolment" in page.inner_text("main") or "School enrolment" in page.inner_text("main")
    page.locator("a[href*='/auditor/entries/']").first.click()
    auditor.check_accessibility()
    assert "My identity card" not in page.inner_text("body")
    for path in ("/papers/anything/original", "/operator/services"):
        assert page.request.get(f"{town.url}{path}").status in {403, 404}
    auditor.go("/auditor")
    page.get_by_role("button", name="Verify the log").click()
    auditor.check_accessibility()
    auditor.go("/auditor")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export the whole log, signed").click()
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(Path(download.value.path()).read_bytes())
    done = subprocess.run(
        [sys.executable, "-m", "citizen_account", "ledger", "verify", str(bundle)],
        check=False, capture_output=True, text=True, cwd=ROOT, env=environment(tmp_path / "nothing"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "every one is in its tree" in done.stdout
    auditor.context.close()


def test_a_refusal_sends_nothing_and_the_service_says_so(person: Person) -> None:
    person.sign_up("rosa@people.example")
    page = begin_at_school(person)
    page.get_by_role("button", name=re.compile("^Don't send")).click()
    page.wait_for_url(re.compile(person.town.example_url))
    assert "You sent nothing" in page.inner_text("main")


def test_a_paper_added_on_the_spot_comes_back_to_the_same_question(person: Person, tmp_path: Path) -> None:
    person.sign_up("karim@people.example")
    page = begin_at_school(person)
    page.get_by_role("button", name=re.compile("^Add this paper now")).first.click()
    page.wait_for_url(re.compile("/papers/add"))
    person.check_accessibility()
    if page.get_by_label("Day").count():
        page.get_by_label("Day").first.fill("2")
        page.get_by_label("Month").first.fill("11")
        page.get_by_label("Year").first.fill("2026")
    page.get_by_label("Yes, draw pictures").check()
    page.locator("input[type=file]").set_input_files(save(tmp_path, "bill.pdf", bill()))
    page.get_by_role("button", name=re.compile("^(Add|Keep|Use)")).last.click()
    page.wait_for_url(re.compile("/release/"))
    assert "Nothing has been sent yet" in page.inner_text("main")
    assert page.locator("input[type=radio]:checked").count() >= 1


def test_without_javascript_everything_still_works(town: RunningHouse, chromium: Browser, tmp_path: Path) -> None:
    person = new_person(town, chromium, java_script_enabled=False, viewport=PHONE)
    person.sign_up("jeanne@people.example")
    page = person.go("/papers/add?type=identity_card")
    page.get_by_label("Yes, draw pictures").check()
    page.locator("input[type=file]").set_input_files(save(tmp_path, "card.jpg", photograph()))
    page.get_by_role("button", name=re.compile("^(Add|Keep)")).last.click()
    page.wait_for_url(re.compile(r"/papers(\?|$|/[a-z0-9]{20,})"))
    begin_at_school(person)
    page.get_by_role("button", name=re.compile("^Send|^Let")).click()
    if "/release/" in page.url:  # a question without an answer: say so for each
        for none in page.get_by_label(re.compile("^I don't have one")).all():
            if not none.is_checked() and none.get_attribute("name") != "paper-1":
                none.check()
        page.get_by_role("button", name=re.compile("^Send|^Let")).click()
    page.wait_for_url(f"{town.example_url}/enrolment")
    person.context.close()


def test_the_keyboard_alone_is_enough(town: RunningHouse, chromium: Browser) -> None:
    person = new_person(town, chromium)
    person.email = "noura@people.example"
    page = person.go("/sign-up?lang=en")

    def reach(role_name: str) -> None:
        """Tab until the element in focus has this name."""
        for _ in range(60):
            page.keyboard.press("Tab")
            name = page.evaluate(
                "(() => { const e = document.activeElement;"
                " return (e.labels && e.labels[0] ? e.labels[0].innerText : e.innerText || e.value || '') })()",
            )
            outline = page.evaluate(
                "(() => { const s = getComputedStyle(document.activeElement);"
                " return s.outlineStyle !== 'none' || s.boxShadow !== 'none' })()",
            )
            if role_name in name:
                assert outline, f"{role_name} shows no focus"
                return
        raise AssertionError(f"{role_name} can't be reached by the keyboard on {page.url}")

    reach("Your e-mail address")
    page.keyboard.type(person.email)
    reach("Choose a password")
    page.keyboard.type(PASSWORD)
    reach("Send me the mail")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Look into your mailbox").wait_for()
    person.go(person.mail())
    reach("Yes, open my account")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{town.url}/")
    person.go(town.example_url)
    reach("Continue with the city account")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/release/"))
    reach("Don't send")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(town.example_url))
    person.go("/")
    reach("Sign out")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="You are signed out").wait_for()
    person.context.close()


def test_a_lost_password_is_replaced_and_other_sign_ins_end(town: RunningHouse, chromium: Browser) -> None:
    person = new_person(town, chromium)
    person.sign_up("louis@people.example")
    other = new_person(town, chromium)
    other.email = person.email
    page = other.go("/password-reset?lang=en")
    other.check_accessibility()
    page.get_by_label("Your e-mail address").fill(other.email)
    page.get_by_role("button", name="Send me the mail").click()
    page.get_by_role("heading", name="Look into your mailbox").wait_for()
    link = other.mail()
    # In the browser that did not ask, the link shows a code only, and signs nobody in.
    person.go(link)
    assert person.page.get_by_role("button", name="Yes, choose a new password").count() == 0
    other.go(link)
    page.get_by_role("button", name="Yes, choose a new password").click()
    page.get_by_label("Your new password").fill(PASSWORD + " again")
    page.get_by_role("button", name="Change my password").click()
    page.get_by_label("Your e-mail address").fill(other.email)
    page.get_by_label("Your password", exact=True).fill(PASSWORD + " again")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="My papers").first.wait_for()
    other.go("/sign-ins")
    other.check_accessibility()
    person.go("/papers")
    assert "/sign-in" in person.page.url
    other.go("/profile")
    other.check_accessibility()
    for walker in (person, other):
        walker.context.close()


def test_every_public_page_is_whole_in_french_at_320_pixels(town: RunningHouse, chromium: Browser) -> None:
    person = new_person(town, chromium, viewport={"width": 320, "height": 640}, locale="fr-FR")
    for path in ("/", "/sign-in", "/sign-up", "/password-reset", "/nothing-here", "/authorize?client_id=nobody"):
        person.go(path)
        person.check_accessibility()
        assert person.page.locator("html").get_attribute("lang") == "fr"
    person.context.close()
