"""The vault's doors by HTTP: what a service gets, in which headers, and what it is told when it gets nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.vault.world import PUBLIC_URL, World, pdf
from vault.endpoints import documents as documents_endpoint
from vault.endpoints import metadata as metadata_endpoint
from vault.protocols import Challenge, Challenged, LendingId, Permission, Presentation

WHOLE = pdf(100_000)


class Tokens:
    """Stands for the provider: knows which token holds what, as its adapter would say it."""

    def __init__(self) -> None:
        self.known: dict[str, Permission] = {}
        self.seen: list[Presentation] = []

    def judge(self, presentation: Presentation) -> Permission:
        self.seen.append(presentation)
        if len(presentation.authorization) != 1:
            metadata = f"{PUBLIC_URL}/.well-known/oauth-protected-resource/vault"
            raise Challenged(Challenge(status=401, www_authenticate=f'Bearer resource_metadata="{metadata}"', code=""))
        found = self.known.get(presentation.authorization[0].removeprefix("Bearer "))
        if found is None:
            refused = Challenge(status=401, www_authenticate='Bearer error="invalid_token"', code="invalid_token")
            raise Challenged(refused)
        return found


class Door:
    """The endpoints in a Flask application, as a service sees them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tokens = Tokens()
        app = Flask(__name__)
        vault_url = f"{PUBLIC_URL}/vault"
        app.register_blueprint(documents_endpoint.blueprint(world.lending, self.tokens, world.types, PUBLIC_URL))
        app.register_blueprint(metadata_endpoint.blueprint(PUBLIC_URL, vault_url, dpop_algorithms=("ES256", "EdDSA")))
        self.client: FlaskClient = app.test_client()
        self.owner = world.owner(agreed=True)
        self.document = world.deposit(self.owner, WHOLE, untrusted_filename="my secret name.pdf")

    def lent(self, client: str = "school", by: str = "t", **given: Any) -> LendingId:
        lending = self.world.lend(self.owner, self.document, client=client, **given)
        self.tokens.known[by] = self.world.permission(lending, client=client)
        return lending

    def get(self, lending: str, *, by: str = "t", method: str = "GET", query: str = "", **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        path = f"/vault/documents/{lending}{query}"
        return self.client.open(path, method=method, headers={"Authorization": f"Bearer {by}", **named})


@pytest.fixture
def door(small: World) -> Door:
    return Door(small)


def test_a_full_answer_states_its_length_and_can_only_be_saved(door: Door) -> None:
    lending = door.lent()
    response = door.get(lending, Acting_Agent="agent-7")
    assert response.status_code == 200
    assert response.data == WHOLE
    headers = response.headers
    assert headers["Content-Length"] == "100000"
    assert headers["Content-Type"] == "application/pdf"
    assert headers["ETag"] == f'"{lending}"'
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert headers["Content-Disposition"] == (
        'attachment; filename="proof_of_address.pdf"; '
        "filename*=UTF-8''" + headers["Content-Disposition"].partition("UTF-8''")[2]
    )
    assert re.fullmatch(r"[!#$&+.^_`|~0-9A-Za-z%-]+", headers["Content-Disposition"].partition("UTF-8''")[2])
    assert "secret" not in str(headers)
    assert "Last-Modified" not in headers


RANGES = [
    pytest.param("bytes=0-0", WHOLE[:1], "bytes 0-0/100000", id="first byte"),
    pytest.param("bytes=65479-65480", WHOLE[65_479:65_481], "bytes 65479-65480/100000", id="over a segment border"),
    pytest.param("bytes=99990-", WHOLE[-10:], "bytes 99990-99999/100000", id="open end"),
    pytest.param("bytes=-10", WHOLE[-10:], "bytes 99990-99999/100000", id="suffix"),
    pytest.param("bytes=-200000", WHOLE, "bytes 0-99999/100000", id="suffix longer than the paper"),
    pytest.param("bytes=99990-200000", WHOLE[-10:], "bytes 99990-99999/100000", id="end behind the paper"),
    pytest.param("BYTES=0-9", WHOLE[:10], "bytes 0-9/100000", id="unit in capitals"),
]


@pytest.mark.parametrize(("asked", "content", "said"), RANGES)
def test_one_range_is_answered_as_206(door: Door, asked: str, content: bytes, said: str) -> None:
    response = door.get(door.lent(), Range=asked)
    assert (response.status_code, response.headers["Content-Range"]) == (206, said)
    assert response.headers["Content-Length"] == str(len(content))
    assert response.data == content


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "bytes=5-2", "bytes=", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=1.5-2", "bytes 0-1"]
)
def test_several_ranges_and_no_ranges_are_ignored(door: Door, asked: str) -> None:
    response = door.get(door.lent(), Range=asked)
    assert (response.status_code, response.data) == (200, WHOLE)


@pytest.mark.parametrize("asked", ["bytes=100000-", "bytes=-0", "bytes=999999999999-"])
def test_a_range_outside_is_416_with_the_length_and_no_read(door: Door, asked: str) -> None:
    response = door.get(door.lent(), Range=asked)
    assert (response.status_code, response.headers["Content-Range"]) == (416, "bytes */100000")
    assert not door.world.entries("document_read")


def test_if_range_of_another_representation_gives_the_whole(door: Door) -> None:
    lending = door.lent()
    assert door.get(lending, Range="bytes=0-0", If_Range=f'"{lending}"').status_code == 206
    for other in ('"other"', f'W/"{lending}"', "Mon, 02 Nov 2026 09:00:00 GMT"):
        assert door.get(lending, Range="bytes=0-0", If_Range=other).status_code == 200


@pytest.mark.parametrize("header", ['"{}"', 'W/"{}"', '"a", "{}"', "*"])
def test_what_the_client_has_is_304_and_no_read(door: Door, header: str) -> None:
    lending = door.lent()
    response = door.get(lending, If_None_Match=header.format(lending))
    assert (response.status_code, response.data, response.headers["ETag"]) == (304, b"", f'"{lending}"')
    assert not door.world.entries("document_read")


def test_head_tells_the_length_and_is_no_read(door: Door) -> None:
    response = door.get(door.lent(), method="HEAD")
    assert (response.status_code, response.headers["Content-Length"], response.data) == (200, "100000", b"")
    assert not door.world.entries("document_read")


def test_if_match_of_another_tag_is_412(door: Door) -> None:
    lending = door.lent()
    assert door.get(lending, If_Match='"other"').status_code == 412
    assert door.get(lending, If_Match=f'"{lending}"').status_code == 200


@pytest.mark.parametrize("agent", ["a" * 65, "two words", "é", "", "tab\tbed"])
def test_an_acting_agent_that_is_no_reference_is_refused(door: Door, agent: str) -> None:
    response = door.get(door.lent(), Acting_Agent=agent)
    assert response.status_code == 400
    assert _problem(response)["type"] == f"{PUBLIC_URL}/problems/bad-acting-agent"
    assert not door.world.entries("document_read")


def _problem(response: TestResponse) -> Mapping[str, Any]:
    assert response.content_type == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    problem: Mapping[str, Any] = response.get_json(force=True)
    assert problem["status"] == response.status_code
    assert problem["title"]
    assert problem["detail"]
    return problem


def test_a_refusal_says_why_and_when(door: Door) -> None:
    lending = door.lent(reads_allowed=1)
    assert door.get(lending).status_code == 200
    door.tokens.known["later"] = door.world.permission(lending)
    used_up = _problem(door.get(lending, by="later"))
    assert used_up["type"].endswith("/reads-used-up")
    door.world.take_back(lending)
    taken_back = _problem(door.get(lending))
    assert (taken_back["status"], taken_back["at"]) == (403, "2026-11-02T09:00:00Z")
    assert "taken back" in taken_back["title"] or "took this approval back" in taken_back["detail"]
    assert "2026-11-02" in taken_back["detail"]
    over = door.lent(by="o", detail={"duration": "P1D"})
    door.world.clock.advance(timedelta(days=1))
    assert _problem(door.get(over, by="o"))["type"].endswith("/lending-over")
    gone = door.lent(by="g")
    door.world.documents.delete(door.owner, door.document)
    assert _problem(door.get(gone, by="g"))["status"] == 410
    assert _problem(door.get("made-up"))["status"] == 404


def test_a_rendition_that_is_being_made_is_503_with_retry_after(door: Door) -> None:
    lending = door.lent()
    response = door.get(lending, query="?rendition=page-1")
    assert _problem(response)["type"].endswith("/rendition-pending")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    door.world.jobs.run_due()
    picture = door.get(lending, query="?rendition=page-1")
    assert (picture.status_code, picture.content_type) == (200, "image/jpeg")
    assert 'filename="proof_of_address-page-1.jpg"' in picture.headers["Content-Disposition"]
    for wrong in ("?rendition=page-0", "?rendition=../x", "?rendition=page-1&rendition=page-1"):
        assert door.get(lending, query=wrong).status_code == 404


def test_damage_is_said_and_gives_nothing(door: Door) -> None:
    lending = door.lent()
    for name in door.world.stored():
        door.world.store.overwrite(name, b"\x28" + bytes(100_100))
    response = door.get(lending)
    assert _problem(response)["status"] == 500
    assert door.world.entries("read_failed")


def test_without_a_token_the_challenge_names_the_metadata(door: Door) -> None:
    response = door.client.get(f"/vault/documents/{door.lent()}")
    assert response.status_code == 401
    assert "resource_metadata" in response.headers["WWW-Authenticate"]
    assert _problem(response)["type"].endswith("/access-token-wanted")
    assert door.get("x", by="wrong").headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert door.tokens.seen[-1].url == f"{PUBLIC_URL}/vault/documents/x"
    assert not door.world.entries("read_refused")  # nobody is known to have asked


def test_the_list_tells_the_tokens_own_lendings(door: Door) -> None:
    lending = door.lent()
    door.lent("library", "l")
    response = door.client.get("/vault/documents", headers={"Authorization": "Bearer t"})
    (told,) = response.get_json()["documents"]
    assert told["lending"] == lending
    assert told["location"] == f"{PUBLIC_URL}/vault/documents/{lending}"
    assert (told["document_type"], told["reads_left"], told["state"]) == ("proof_of_address", 5, "stands")


def test_two_clients_with_the_same_paper_share_no_identifier(door: Door) -> None:
    one, two = door.lent("school", "a"), door.lent("library", "b")
    seen: list[set[str]] = []
    for lending, token in ((one, "a"), (two, "b")):
        texts = [str(door.get(lending, by=token, method=method).headers) for method in ("GET", "HEAD")]
        listed = door.client.get("/vault/documents", headers={"Authorization": f"Bearer {token}"})
        texts += [listed.text, str(listed.headers), door.get("made-up", by=token).text]
        seen.append(set(re.findall(r"[a-z2-7]{20,}|[0-9a-f]{16,}", " ".join(texts))))
    assert one in seen[0]
    assert two in seen[1]
    assert not seen[0] & seen[1]
    for inside in (door.owner, door.document, *door.world.stored()):
        assert inside not in seen[0] | seen[1]


def test_the_metadata_names_the_resource_and_its_server(door: Door) -> None:
    told = door.client.get("/.well-known/oauth-protected-resource/vault").get_json()
    assert told["resource"] == f"{PUBLIC_URL}/vault"
    assert told["authorization_servers"] == [PUBLIC_URL]
    assert told["bearer_methods_supported"] == ["header"]
    assert told["dpop_signing_alg_values_supported"] == ["ES256", "EdDSA"]
