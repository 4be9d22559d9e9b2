"""Every page that the house can show by its address, in both languages, looked at as `looking` says.

A page that is added without a row here fails the last test.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask
from playwright.sync_api import Browser
from werkzeug.routing import Rule

from citizen_account.security import MACHINE, READS_SIGN_IN
from config.settings import load_settings
from oidc.clients.metadata import CIBA
from tests.citizen_account.town import open_again, set_up
from tests.clocks import FixedClock
from tests.installation import RunningHouse
from tests.walks.papers import bill, photograph, save
from tests.walks.person import Person, new_person
from tests.walks.relying_parties import SECRET, register

PAGES = [
    ("home.home", "stranger", "/"),
    ("home.home", "newcomer", "/"),
    ("home.home", "citizen", "/"),
    ("home.home", "auditor", "/"),
    ("home.home", "operator", "/"),
    ("sign_up.show", "stranger", "/sign-up"),
    ("confirm.waiting", "waiting", "{waiting}"),
    ("confirm.waiting", "waiting", "{waiting}?again=1"),
    ("confirm.link", "waiting", "{mailed}"),
    ("confirm.link", "stranger", "{mailed}"),
    ("sign_in.show", "stranger", "/sign-in"),
    ("sign_in.show", "stranger", "/sign-in?over=1&next=/papers"),
    ("sign_in.show", "stranger", "/sign-in?known=1"),
    ("sign_in.show", "stranger", "/sign-in?changed=1"),
    ("sign_in.show", "passer_by", "{sign_in_for_school}"),
    ("password_reset.show", "stranger", "/password-reset"),
    ("password_reset.choose", "forgetful", "{new_password}"),
    ("consent.show", "citizen", "{release}"),
    ("consent.show", "newcomer", "{release_without_papers}"),
    ("papers.papers", "newcomer", "/papers"),
    ("papers.papers", "citizen", "/papers"),
    ("papers.papers", "citizen", "/papers?q=nothing"),
    ("papers.papers", "citizen", "/papers?done=deleted"),
    ("papers.paper", "citizen", "{paper}"),
    ("papers.paper", "citizen", "{paper}?done=added"),
    ("papers.paper", "citizen", "{photograph}"),
    ("papers.ask_delete", "citizen", "{paper}/delete"),
    ("papers.ask_pictures", "citizen", "/papers/pictures"),
    ("paper_add.ask", "citizen", "/papers/add"),
    ("paper_add.ask", "citizen", "/papers/add?type=proof_of_address"),
    ("paper_add.ask", "newcomer", "/papers/add?type=identity_card"),
    ("paper_add.ask", "citizen", "/papers/add?replaces={paper_id}"),
    ("accesses.accesses", "newcomer", "/accesses"),
    ("accesses.accesses", "citizen", "/accesses"),
    ("accesses.accesses", "citizen", "/accesses?service=school-enrolment"),
    ("accesses.unknown", "citizen", "{unknown}"),
    ("accesses.services", "newcomer", "/services"),
    ("accesses.services", "citizen", "/services"),
    ("receipts.receipt", "citizen", "{receipt}"),
    ("profile.show", "citizen", "/profile"),
    ("profile.show", "citizen", "/profile?done=facts"),
    ("passkeys.show", "citizen", "/passkeys"),
    ("passkeys.show", "citizen", "/passkeys?done=added"),
    ("second_factor.show", "citizen", "/second-factor"),
    ("second_factor.show", "citizen", "/second-factor?done=removed"),
    ("asked.show", "citizen", "{asked}"),
    ("device.show", "citizen", "/device"),
    ("device.show", "citizen", "/device?user_code=BCDFGHJK"),
    ("device.approved", "citizen", "/device/approved"),
    ("device.refused", "citizen", "/device/refused"),
    ("sessions.show", "citizen", "/sign-ins"),
    ("takeout.ask", "citizen", "/takeout"),
    ("leave.ask", "newcomer", "/leave"),
    ("leave.ask", "citizen", "/leave"),
    ("leave.ask_code", "stranger", "/closed-account"),
    ("auditor.auditor", "auditor", "/auditor"),
    ("auditor.auditor", "auditor", "/auditor?since=yesterday"),
    ("auditor.auditor", "auditor", "/auditor?kind=paper_deleted&since=2000-01-01&until=2000-01-02"),
    ("auditor.show", "auditor", "{entry}"),
    ("auditor.ask_person", "auditor", "/auditor/person"),
    ("clients.services", "operator", "/operator/services"),
    ("clients.show", "operator", "/operator/services/one?client_id=school-enrolment"),
    ("clients.show", "operator", "/operator/services/one?client_id=desk&done=changed"),
    ("clients.ask_secret", "operator", "/operator/services/one/secret?client_id=school-enrolment"),
    ("clients.ask_remove", "operator", "/operator/services/one/remove?client_id=school-enrolment"),
    ("client_form.ask", "operator", "/operator/services/add"),
    ("client_form.ask_change", "operator", "/operator/services/one/change?client_id=school-enrolment"),
    ("client_trial.ask", "operator", "/operator/services/one/try?client_id=school-enrolment"),
    ("failed_jobs.show", "operator", "/operator/jobs"),
    ("roles.show", "operator", "/roles"),
    ("roles.show", "auditor", "/roles?done=proposed"),
    ("local_mailbox.show", "stranger", "/local-mailbox"),
    ("authorization.begin", "stranger", "/authorize?client_id=nobody"),
    (
        "authorization.begin",
        "stranger",
        "/authorize?client_id=school-enrolment&redirect_uri=https://elsewhere.example/",
    ),
    ("authorization.resume", "stranger", "/authorize/{long}"),
    ("end_session.begin", "citizen", "/end-session"),
    ("end_session.begin", "stranger", "/end-session"),
]
"""The view, who looks, and the address; `Scene.places` has what stands in braces."""

NO_PAGES = {
    "papers.picture", "papers.original", "accesses.proof", "auditor.proof", "auditor.export_csv",
    "auditor.export_json_lines", "static", "theme", "health",
}  # fmt: skip
"""What a GET gives that is no page: pictures and downloads."""
ELSEWHERE = {
    "roles.first": "a link that works once: Person.take_role looks at it",
    "second_step.show": "after a password that is not enough: test_second_step",
    "end_session.resume": "a POST from a service leads there: test_two_sites",
}


@dataclass
class Scene:
    """A town in which something has happened: its people, and where their things are."""

    people: dict[str, Person]
    places: dict[str, str] = field(default_factory=lambda: {"long": "x" * 43})


@pytest.fixture(scope="module")
def scene(
    town: RunningHouse, chromium: Browser, auditor: Person, operator: Person, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("scene")
    names = ("stranger", "newcomer", "citizen", "waiting", "forgetful", "passer_by")
    people = {name: new_person(town, chromium) for name in names}
    made = Scene({**people, "auditor": auditor, "operator": operator})
    _waits(made, people["waiting"])
    _forgot(made, people["forgetful"])
    _passes_by(made, people["passer_by"])
    people["newcomer"].sign_up("newcomer@people.example")
    made.places["release_without_papers"] = _path(people["newcomer"].begin_at_school().url)
    _lives(made, people["citizen"], folder)
    _is_asked(made, people["citizen"], folder)
    auditor.go("/auditor?kind=document_read")
    made.places["entry"] = str(auditor.page.locator("a[href^='/auditor/entries/']").first.get_attribute("href"))
    yield made
    for one in people.values():
        one.context.close()


def _waits(scene: Scene, person: Person) -> None:
    person.ask_for_account("waiting@people.example")
    scene.places |= {"waiting": _path(person.page.url), "mailed": _path(person.mail())}


def _forgot(scene: Scene, person: Person) -> None:
    person.sign_up("forgetful@people.example")
    page = person.go("/password-reset?lang=en")
    page.get_by_label("Your e-mail address").fill(person.email)
    page.get_by_role("button", name="Send me the mail").click()
    page.get_by_role("heading", name="Look into your mailbox").wait_for()
    person.go(person.mail()).get_by_role("button", name="Yes, choose a new password").click()
    page.get_by_role("heading", name="Choose a new password").wait_for()
    scene.places["new_password"] = _path(page.url)


def _passes_by(scene: Scene, person: Person) -> None:
    url = urlsplit(person.begin_at_school().url)
    scene.places["sign_in_for_school"] = f"{url.path}?{url.query}"


def _lives(scene: Scene, person: Person, folder: Path) -> None:
    person.sign_up("camille@people.example")
    paper = person.add_paper("proof_of_address", save(folder, "edf novembre.pdf", bill()), "Électricité, novembre")
    card = person.add_paper("identity_card", save(folder, "IMG_2041.jpg", photograph()))
    person.add_paper("birth_certificate", save(folder, "acte.pdf", bill("Birth certificate")), "Acte de Jade")
    waiting = _path(person.begin_at_school().url)  # before the one that is answered: that one covers the next
    person.send_to_school()
    person.go("/accesses")
    unknown = person.page.locator("a[href$='/unknown']").first.get_attribute("href")
    receipt = person.page.locator("a[href^='/accesses/receipts/']").first.get_attribute("href")
    scene.places |= {
        "paper": paper,
        "paper_id": paper.rpartition("/")[2],
        "photograph": card,
        "unknown": str(unknown),
        "receipt": str(receipt),
        "release": waiting,
    }


def _is_asked(scene: Scene, person: Person, folder: Path) -> None:
    """A telephone desk asks for them; the mail leads to the page."""
    desk = {"client_id": "desk", "client_name": "Telephone desk", "client_secret": SECRET, "scope": "openid profile"}
    register(person.town, folder, {**desk, "grant_types": [CIBA]})
    form = {"scope": "openid profile", "login_hint": person.email, "binding_message": "Blue 17"}
    asked = requests.post(f"{person.town.url}/bc-authorize", data=form, auth=("desk", SECRET), timeout=10)
    assert asked.status_code == HTTPStatus.OK, asked.text
    scene.places["asked"] = _path(person.mail("/asked/"))


def _path(url: str) -> str:
    return urlsplit(url).path


@pytest.mark.parametrize(("view", "who", "address"), PAGES, ids=[f"{who} at {address}" for _, who, address in PAGES])
def test_a_page_is_whole_in_both_languages(scene: Scene, view: str, who: str, address: str) -> None:
    person = scene.people[who]
    place = address.format(**scene.places)
    for language in ("fr", "en"):
        page = person.go(f"{place}{'&' if '?' in place else '?'}lang={language}")
        assert page.locator("html").get_attribute("lang") == language
        assert urlsplit(page.url).path == urlsplit(place).path
        person.look(again=language == "en")


def test_no_page_is_left_out(scene: Scene, tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path / "data", mail={"local_mailbox": True})
    set_up(settings)
    made = open_again(settings, FixedClock())
    addresses = made.app.url_map.bind("localhost")
    with made.app.test_request_context():
        pages = {rule.endpoint for rule in made.app.url_map.iter_rules() if _shows_html(made.app, rule)}
    made.house.database.close()
    assert pages - NO_PAGES - ELSEWHERE.keys() == {view for view, _, _ in PAGES}
    for view, _, address in PAGES:
        assert addresses.match(urlsplit(address.format(**scene.places)).path)[0] == view, address


def _shows_html(app: Flask, rule: Rule) -> bool:
    policy = app.extensions["security"].policy_of(rule.endpoint)
    machine = MACHINE in policy.allowed and rule.endpoint.partition(".")[0] not in READS_SIGN_IN
    return "GET" in (rule.methods or ()) and not machine
