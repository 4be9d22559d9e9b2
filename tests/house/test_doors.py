"""Every door: who may enter is declared, forged forms are refused, machines see no cookie, headers are everywhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from werkzeug.routing import Rule
from werkzeug.test import Client, TestResponse

from citizen_account.security import AUDITOR, CITIZEN, MACHINE, OPERATOR, PUBLIC, READS_SIGN_IN, Policy
from config.settings import Settings
from tests.citizen_account.town import Town, build, set_up
from tests.clocks import FixedClock

ORIGIN = "http://localhost:8000"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Town]:
    from config.identifiers import SystemRandomness  # noqa: PLC0415 -- here only
    from config.settings import load_settings  # noqa: PLC0415 -- as above
    from tests.conftest import s3_settings  # noqa: PLC0415 -- as above

    s3 = s3_settings(request.getfixturevalue("seaweed")).model_copy(
        update={name: f"d{SystemRandomness().bytes(8).hex()}-{name[:6].strip('_')}" for name in
                ("papers_bucket", "ledger_bucket", "ledger_archive_bucket")},
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("doors")
    settings: Settings = load_settings(data_dir=folder, s3=s3.model_dump(), mail={"local_mailbox": True})
    set_up(settings)
    made = build(settings, FixedClock())
    yield made
    made.house.database.close()


def rules(town: Town) -> list[Rule]:
    return [rule for rule in town.app.url_map.iter_rules() if rule.endpoint not in {"static", "health", "theme"}]


def path_of(rule: Rule) -> str:
    values = {
        name: 1 if "int" in type(rule._converters[name]).__name__.lower() else "x" * 26 for name in rule.arguments
    }
    built = rule.build(values, append_unknown=False)
    assert built
    return built[1]


def policy_of(town: Town, rule: Rule) -> Policy | None:
    with town.app.test_request_context(base_url=ORIGIN):
        found: Policy | None = town.app.extensions["security"].policy_of(rule.endpoint)
    return found


def is_machine(town: Town, rule: Rule) -> bool:
    found = policy_of(town, rule)
    return found is not None and MACHINE in found.allowed


def call(client: Client, method: str, path: str, **more: object) -> TestResponse:
    answer = client.open(path, method=method, base_url=ORIGIN, **more)  # type: ignore[arg-type]
    answer.get_data()  # to the end, so that streamed answers close
    return answer


def test_every_route_declares_who_may_enter(town: Town) -> None:
    assert [rule.rule for rule in rules(town) if policy_of(town, rule) is None] == []


def test_every_page_refuses_a_form_without_its_hidden_field(town: Town) -> None:
    citizen = town.citizen("operator")
    tried = 0
    for rule in rules(town):
        if "POST" not in (rule.methods or ()) or is_machine(town, rule):
            continue
        found = policy_of(town, rule)
        if found and not found.allowed & {PUBLIC, CITIZEN, OPERATOR}:
            continue
        tried += 1
        for headers in ({}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = call(citizen.client, "POST", path_of(rule), data={"decision": "send"}, headers=headers)
            assert answer.status_code in {400, 403, 415, 422}, f"{rule.rule} {headers}: {answer.status_code}"
    assert tried > 15


def test_a_page_for_someone_shows_nothing_to_anyone_else(town: Town) -> None:
    people = {
        PUBLIC: town.stranger().client,
        CITIZEN: town.citizen().client,
        OPERATOR: town.citizen("operator").client,
        AUDITOR: town.citizen("auditor").client,
    }
    for rule in rules(town):
        found = policy_of(town, rule)
        if found is None or is_machine(town, rule) or PUBLIC in found.allowed or "GET" not in (rule.methods or ()):
            continue
        for role, client in people.items():
            answer = call(client, "GET", path_of(rule))
            allowed = role in found.allowed or (CITIZEN in found.allowed and role != PUBLIC)
            if role == PUBLIC:
                assert answer.status_code == 303, rule.rule
                assert answer.location.startswith("/sign-in"), rule.rule
            elif not allowed:
                assert answer.status_code == 403, f"{role} at {rule.rule}: {answer.status_code}"
            else:
                assert answer.status_code not in {403, 500}, f"{role} at {rule.rule}: {answer.status_code}"


def test_machines_never_see_a_cookie(town: Town) -> None:
    cookies = town.citizen().client
    for rule in rules(town):
        if not is_machine(town, rule) or rule.endpoint.split(".")[0] in READS_SIGN_IN:
            continue
        method = "GET" if "GET" in (rule.methods or ()) else "POST"
        with_cookie = call(cookies, method, path_of(rule))
        without = call(Client(town.app), method, path_of(rule))
        assert (with_cookie.status_code, with_cookie.get_data()) == (without.status_code, without.get_data()), rule.rule
        assert "Set-Cookie" not in with_cookie.headers, rule.rule


def test_the_headers_are_on_every_answer(town: Town) -> None:
    for client in (town.stranger().client, town.citizen("operator").client):
        for rule in rules(town):
            method = "GET" if "GET" in (rule.methods or ()) else "POST"
            answer = call(client, method, path_of(rule))
            for name in (
                "Content-Security-Policy",
                "X-Content-Type-Options",
                "Referrer-Policy",
                "Cross-Origin-Opener-Policy",
            ):
                assert name in answer.headers, f"{rule.rule}: {name}"
            assert "unsafe" not in answer.headers["Content-Security-Policy"]
            assert answer.status_code != 500, rule.rule
            if not is_machine(town, rule):
                assert "no-store" in answer.headers["Cache-Control"], rule.rule


def test_a_file_is_refused_wherever_none_is_expected(town: Town) -> None:
    citizen = town.citizen()
    for path in ("/profile", "/sign-in", "/token", "/par"):
        answer = citizen.client.post(path, data={"file": (b"x" * 10, "x.pdf")}, base_url=ORIGIN,
                                     content_type="multipart/form-data; boundary=b")  # fmt: skip
        assert answer.status_code in {400, 401, 415}, path


def test_another_host_name_is_not_ours(town: Town) -> None:
    answer = Client(town.app).get("/", base_url="http://evil.example")
    assert answer.status_code in {303, 421}
    assert "evil" not in answer.headers.get("Location", "")
