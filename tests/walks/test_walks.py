"""The four walks of the house, as people walk them, in a browser and on the real parts."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from playwright.sync_api import Browser

from tests.installation import ROOT, RunningHouse, environment
from tests.walks.papers import bill, photograph, save
from tests.walks.person import PASSWORD, PHONE, Person, new_person


def test_deposit_lend_see_take_back_audit_take_home_and_leave(
    town: RunningHouse, auditor: Person, person: Person, tmp_path: Path
) -> None:
    person.sign_up("alice@people.example")
    papers = {
        "proof_of_address": save(tmp_path, "edf novembre.pdf", bill()),
        "identity_card": save(tmp_path, "IMG_2041.jpg", photograph()),
        "birth_certificate": save(tmp_path, "acte.pdf", bill("Birth certificate")),
    }
    digests = {hashlib.sha256(file.read_bytes()).hexdigest() for file in papers.values()}
    for kind, file in papers.items():
        person.add_paper(kind, file, label=f"My {kind.replace('_', ' ')}")
    _lends(person, digests)
    _takes_back(person)
    _is_audited(town, auditor, tmp_path)
    _takes_home(person, digests)
    _leaves(person)
    assert person.reports == []


def _lends(person: Person, digests: set[str]) -> None:
    """From the e-service and back, which then shows the very bytes."""
    page = person.begin_at_school()
    assert "Nothing has been sent yet" in page.inner_text("main")
    page.get_by_role("button", name=re.compile("^Send")).click()
    page.wait_for_url(f"{person.town.example_url}/enrolment")
    shown = page.inner_text("main")
    assert [digest for digest in digests if digest not in shown] == []


def _takes_back(person: Person) -> None:
    """The access is told; once it is stopped the service's next fetch is refused, and says why."""
    page = person.go("/accesses")
    assert "School enrolment looked at" in page.inner_text("main")
    while page.get_by_role("button", name=re.compile("^Stop")).count():
        page.get_by_role("button", name=re.compile("^Stop")).first.click()
        page.get_by_text("Stopped. From now on the service is refused.").wait_for()
    person.go(f"{person.town.example_url}/enrolment?again=1")
    assert "The city refused: The citizen took this approval back on" in page.inner_text("main")


def _is_audited(town: RunningHouse, auditor: Person, tmp_path: Path) -> None:
    """The access is there and its proof, the log verifies here and elsewhere; no paper, and no way to one."""
    page = auditor.go("/auditor?kind=document_read&lang=en")  # another walk may have left them in French
    assert "School enrolment" in page.inner_text("main")
    page.locator("a[href*='/auditor/entries/']").first.click()
    page.get_by_role("heading", name="Proof").wait_for()
    assert "My identity card" not in page.inner_text("body")
    for path in ("/papers/anything/original", "/operator/services"):
        assert page.request.get(f"{town.url}{path}").status in {403, 404}
    auditor.go("/auditor").get_by_role("button", name="Verify the log").click()
    page.get_by_role("heading", name="The log holds").wait_for()
    auditor.go("/auditor")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export the whole log, signed").click()
    bundle = save(tmp_path, "bundle.zip", Path(download.value.path()).read_bytes())
    done = subprocess.run(
        [sys.executable, "-m", "citizen_account", "ledger", "verify", str(bundle)],
        check=False, capture_output=True, text=True, cwd=ROOT, env=environment(tmp_path / "nothing"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "every one is in its tree" in done.stdout


def _takes_home(person: Person, digests: set[str]) -> None:
    page = person.go("/takeout")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download everything").click()
    archive = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert json.loads(archive.read(next(name for name in archive.namelist() if name.endswith("manifest.json"))))
    assert digests <= {hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}


def _leaves(person: Person) -> None:
    page = person.go("/leave")
    assert "36 months" in page.inner_text("main")
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Close my account").click()
    page.get_by_role("heading", name="Your account is closed").wait_for()
    person.sign_in()
    assert "do not go together" in page.inner_text("main")


def test_a_refusal_sends_nothing_and_the_service_says_so(person: Person) -> None:
    person.sign_up("rosa@people.example")
    page = person.begin_at_school()
    page.get_by_role("button", name=re.compile("^Don't send")).click()
    page.wait_for_url(re.compile(person.town.example_url))
    assert "You sent nothing" in page.inner_text("main")


def test_a_paper_added_on_the_spot_comes_back_to_the_same_question(person: Person, tmp_path: Path) -> None:
    person.sign_up("karim@people.example")
    page = person.begin_at_school()
    page.get_by_role("button", name=re.compile("^Add this paper now")).first.click()
    page.wait_for_url(re.compile("type=proof_of_address"))
    person.look()
    person.choose_paper("proof_of_address", save(tmp_path, "bill.pdf", bill()))
    page.get_by_role("button", name="Keep this paper").click()
    page.wait_for_url(re.compile("/release/"))
    person.look()
    assert "Nothing has been sent yet" in page.inner_text("main")
    assert page.locator("input[type=radio]:checked").count() >= 1


def test_without_javascript_everything_still_works(town: RunningHouse, chromium: Browser, tmp_path: Path) -> None:
    person = new_person(town, chromium, java_script_enabled=False, viewport=PHONE)
    person.sign_up("jeanne@people.example")
    person.add_paper("identity_card", save(tmp_path, "card.jpg", photograph()))
    page = person.begin_at_school()
    page.get_by_role("button", name=re.compile("^Send")).click()
    page.get_by_role("heading", name="There is a problem").wait_for()  # two questions have no answer yet
    for question in ("paper-0", "paper-2"):
        page.locator(f"input[name={question}][value=none]").check()
    page.get_by_role("button", name=re.compile("^Send")).click()
    page.wait_for_url(f"{town.example_url}/enrolment")
    person.go("/accesses").get_by_role("button", name=re.compile("^Stop")).first.click()
    page.get_by_text("Stopped. From now on the service is refused.").wait_for()
    person.context.close()


def test_a_new_address_is_proven_by_its_mail_before_it_counts(person: Person) -> None:
    person.sign_up("yara@people.example")
    page = person.go("/profile")
    page.get_by_label("The new address").fill("yara.khoury@people.example")
    page.locator("#email_password").fill(PASSWORD)
    page.get_by_role("button", name="Change my address").click()
    page.get_by_role("heading", name="Look into your mailbox").wait_for()
    person.look()
    person.email = "yara.khoury@people.example"
    person.go(person.mail())
    person.look()
    page.get_by_role("button", name="Yes, use this address").click()
    page.get_by_text("Your e-mail address was changed.").wait_for()
    page.get_by_role("button", name="Sign out").click()
    person.look()
    person.sign_in()
    page.get_by_role("link", name="My papers").first.wait_for()


def test_a_lost_password_is_replaced_and_other_sign_ins_end(town: RunningHouse, chromium: Browser) -> None:
    person = new_person(town, chromium)
    person.sign_up("louis@people.example")
    other = new_person(town, chromium)
    other.email = person.email
    page = other.go("/password-reset?lang=en")
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
    page.wait_for_url(re.compile("/sign-in"))
    other.sign_in(PASSWORD + " again")
    page.get_by_role("link", name="My papers").first.wait_for()
    person.go("/papers")
    assert "/sign-in" in person.page.url
    for walker in (person, other):
        walker.context.close()
