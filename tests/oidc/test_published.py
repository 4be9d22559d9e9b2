"""Discovery and the public keys, as the layer before Flask answers them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import Client

from oidc.endpoints.published import PATHS, Published
from tests.oidc.provider_house import House, json_of


class Counted:
    """The application, counting what reaches it."""

    def __init__(self, house: House) -> None:
        self.application: Any = house.app.wsgi_app
        self.count = 0

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.count += 1
        return self.application(environ, start_response)


@pytest.fixture
def counted(lone: House) -> Counted:
    lone.signing_keys.public_jwks()
    return Counted(lone)


@pytest.fixture
def http(lone: House, counted: Counted) -> Client:
    return Client(Published(counted, lone.signing_keys.version))


@pytest.mark.parametrize("path", sorted(PATHS))
def test_a_document_is_made_once_and_is_what_the_application_says(
    lone: House, http: Client, counted: Counted, path: str
) -> None:
    answers = [http.get(path), http.get(path, query_string="x=1", headers={"Cookie": "a=b"}), http.head(path)]
    assert counted.count == 1
    said = lone.http.get(path)
    for answer in answers:
        assert answer.status_code == 200
        for name, value in said.headers.items():
            assert answer.headers[name] == value
    assert [answer.data for answer in answers] == [said.data, said.data, b""]


@pytest.mark.parametrize("path", sorted(PATHS))
def test_who_has_it_already_is_told_so(http: Client, path: str) -> None:
    first = http.get(path)
    etag = first.headers["ETag"]
    for named in (etag, f"W/{etag}", f'"other", {etag}'):
        again = http.get(path, headers={"If-None-Match": named})
        assert (again.status_code, again.data) == (304, b"")
        assert (again.headers["ETag"], again.headers["Cache-Control"]) == (etag, first.headers["Cache-Control"])
        assert "Content-Type" not in again.headers
    assert http.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_rotation_shows_at_once_at_the_node_that_made_it(lone: House, http: Client) -> None:
    before = http.get("/jwks")
    lone.clock.advance(timedelta(minutes=5))
    activated = lone.signing_keys.rotate(now=False)
    after = http.get("/jwks", headers={"If-None-Match": before.headers["ETag"]})
    assert json_of(after)["keys"][0]["kid"] in activated.values()
    assert {key["kid"] for key in json_of(before)["keys"]} < {key["kid"] for key in json_of(after)["keys"]}


def test_it_is_made_anew_after_five_seconds(lone: House, http: Client, counted: Counted) -> None:
    http.get("/jwks")
    lone.clock.advance(timedelta(seconds=4))
    http.get("/jwks")
    assert counted.count == 1
    lone.clock.advance(timedelta(seconds=1))
    http.get("/jwks")
    assert counted.count == 2


def test_what_is_no_document_is_not_kept(lone: House, http: Client, counted: Counted) -> None:
    assert http.post("/jwks").status_code == 405
    counted.application = lambda _, start: (start("503 SERVICE UNAVAILABLE", []), [b"closed"])[1]
    assert [http.get("/jwks").status_code for _ in range(2)] == [503, 503]
    counted.application = lone.app.wsgi_app
    assert http.get("/jwks").status_code == 200
