"""A redirect_uri is the registered string or nothing: near-misses at the door, each answered by a page of ours.

Through HTTP, GET and POST and pushed, since decoding is where two readers of one address part ways.
"""

from __future__ import annotations

import itertools
import string
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oidc.clients import Client
from tests.oidc.asking import parameters, push
from tests.oidc.provider_house import REDIRECT, House, error_of

APP = "com.example.app:/callback"
LOOPBACK = ("http://127.0.0.1/cb", "http://[::1]/cb", APP)

_SCHEMES = (
    "https://",
    "http://",
    "HTTPS://",
    "https:/",
    "https:",
    "//",
    "javascript:",
    "data:",
    " https://",
    "https:\\",
)
_HOSTS = (
    "school.example",
    "SCHOOL.example",
    "school.example.",
    "evil.example",
    "user@school.example",
    "school.example@evil.example",
    "school.example@evil@evil.example",
    "school.example:80@evil.example",
    "evil.example#school.example",
    "evil.example?school.example",
    "evil.example\\school.example",
    "evil.example\\@school.example",
    "school.example:443",
    "school.example:",
    "school.example:8443",
    "school.example.evil.example",
    "xschool.example",
    "xn--school-.example",
    "scho\u043el.example",  # a Cyrillic letter
    "school\u3002example",
    "school%2eexample",
    "school.example%2f@evil.example",
    "school.example%00.evil.example",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "127.0.0.1",
    "2130706433",
)
_PATHS = (
    "/callback",
    "/callback/",
    "/Callback",
    "/callback?",
    "/callback?x=1",
    "/callback&x=1",
    "/callback#",
    "/callback#f",
    "/callback%00",
    "/callback%20",
    "/callback%2e",
    "/callback%2f..",
    "/callback;x",
    "/callback;",
    "/./callback",
    "/x/../callback",
    "/callback/..",
    "/callback/../callback",
    "/%2e%2e/callback",
    "/call%62ack",
    "//callback",
    "\\callback",
    "/callback\t",
    "\t/callback",
    "/callback\n",
    "/callback\r\nSet-Cookie: a=b",
    "/callback ",
    "/callback\u202e",
    "",
)  # fmt: skip
MADE = [made for parts in itertools.product(_SCHEMES, _HOSTS, _PATHS) if (made := "".join(parts)) != REDIRECT]
_EDITED = [
    *(REDIRECT[:n] + REDIRECT[n + 1 :] for n in range(len(REDIRECT))),
    *(REDIRECT[:n] + REDIRECT[n] + REDIRECT[n:] for n in range(len(REDIRECT))),
    *(REDIRECT[:n] + REDIRECT[n].swapcase() + REDIRECT[n + 1 :] for n in range(len(REDIRECT))),
    *(REDIRECT[:n] + f"%{ord(REDIRECT[n]):02x}" + REDIRECT[n + 1 :] for n in range(len(REDIRECT))),
    *(
        REDIRECT[:n] + other + REDIRECT[n:]
        for n in range(len(REDIRECT) + 1)
        for other in ("@", "\\", "\t", "\r\n", "%2f", "%2e", ":", "..", ";", "*", "\u200b")
    ),
    quote(REDIRECT, safe=""),
    quote(quote(REDIRECT, safe=""), safe=""),
    f"{REDIRECT},{REDIRECT}",
    f"{REDIRECT} {REDIRECT}",
    "/callback",
    "callback",
    ".",
]
EDITED = [edited for edited in dict.fromkeys(_EDITED) if edited != REDIRECT]
ALPHABET = string.ascii_letters + string.digits + "-._~:/?#[]@!$&'()*+,;=%\\ \t\r\n\0\u00e9\u3002"


@pytest.fixture(scope="module")
def school(shared: House) -> Client:
    return shared.add()


@pytest.fixture(scope="module")
def native(shared: House) -> Client:
    return shared.add(
        "native",
        application_type="native",
        token_endpoint_auth_method="none",
        client_secret=None,
        redirect_uris=list(LOOPBACK),
    )


def assert_never_redirected(house: House, uri: str, client_id: str = "school") -> None:
    sent = parameters(client_id=client_id, redirect_uri=uri)
    for answer in (
        house.http.get(f"/authorize?{urlencode(sent)}"),
        house.http.post("/authorize", data=sent),
    ):
        assert answer.status_code == 400, uri
        assert "Location" not in answer.headers, uri
        assert answer.get_data(as_text=True) == "error page: invalid_request", uri


def is_taken(house: House, uri: str, client_id: str) -> bool:
    sent = parameters(client_id=client_id, redirect_uri=uri)
    answer = house.http.get(f"/authorize?{urlencode(sent)}")
    return answer.status_code == 303 and answer.location.startswith("/sign-in")


@pytest.mark.usefixtures("school")
def test_a_thousand_near_misses_are_never_redirected_to(shared: House) -> None:
    assert is_taken(shared, REDIRECT, "school")
    sample = [*MADE[::10], *EDITED]
    assert len(sample) > 1_000
    for near in sample:
        assert_never_redirected(shared, near)


def test_a_native_client_takes_none_of_all_near_misses_either(shared: House, school: Client, native: Client) -> None:
    assert len(MADE) > 7_000
    for near in (*MADE, *EDITED):
        for client in (school, native):
            assert not client.allows_redirect_uri(near), near


@pytest.mark.usefixtures("school")
def test_no_near_miss_is_pushed(shared: House) -> None:
    for near in EDITED:
        assert error_of(push(shared, redirect_uri=near)) == "invalid_request", near


@given(uri=st.text(alphabet=ALPHABET, min_size=1, max_size=60))
@settings(max_examples=150, deadline=None)
@pytest.mark.usefixtures("school")
def test_nothing_but_the_registered_string_is_taken(shared: House, uri: str) -> None:
    assert_never_redirected(shared, uri)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
@pytest.mark.usefixtures("school")
def test_no_edit_of_the_registered_string_is_taken(shared: House, data: Any) -> None:
    at = data.draw(st.integers(0, len(REDIRECT)))
    gone = data.draw(st.integers(0, 3))
    put = data.draw(st.text(alphabet=ALPHABET, max_size=4))
    edited = REDIRECT[:at] + put + REDIRECT[at + gone :]
    if edited not in {REDIRECT, ""}:
        assert_never_redirected(shared, edited)


@given(port=st.integers(1, 65535), host=st.sampled_from(["127.0.0.1", "[::1]"]))
@settings(max_examples=60, deadline=None)
@pytest.mark.usefixtures("native", "school")
def test_a_native_client_may_use_any_port_on_loopback(shared: House, port: int, host: str) -> None:
    """RFC 8252 §7.3."""
    uri = f"http://{host}:{port}/cb"
    assert is_taken(shared, uri, "native")
    assert_never_redirected(shared, uri, "school")


@pytest.mark.parametrize(
    "uri",
    [
        "http://localhost:8000/cb",
        "http://127.0.0.1:8000/other",
        "http://127.0.0.1:8000/cb/",
        "http://127.0.0.1:8000/cb?x=1",
        "http://127.0.0.1:8000/cb#f",
        "http://127.0.0.1:8000@evil.example/cb",
        "http://127.0.0.1:8000\\@evil.example/cb",
        "http://127.0.0.1:8000:9000/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:999999/cb",
        "http://127.0.0.1:-1/cb",
        "http://127.0.0.1:\uff18\uff10/cb",
        "http://127.0.0.1.evil.example:80/cb",
        "http://127.0.0.2:80/cb",
        "http://0.0.0.0:80/cb",
        "http://2130706433:80/cb",
        "http://0x7f.1:80/cb",
        "http://[::ffff:127.0.0.1]:80/cb",
        "http://[::1%25eth0]:80/cb",
        "https://127.0.0.1:8000/cb",
        "HTTP://127.0.0.1:8000/cb",
        "http://127.0.0.1:8000/cb\n",
        "http://127.0.0.1:8000/c%62",
        "com.example.app:/callback/",
        "com.example.app://callback",
        "COM.example.app:/callback",
        "com.example.app.evil:/callback",
    ],
)
@pytest.mark.usefixtures("native")
def test_all_else_must_be_equal_for_a_native_client_too(shared: House, uri: str) -> None:
    assert is_taken(shared, APP, "native")
    assert_never_redirected(shared, uri, "native")


def test_an_address_that_is_taken_out_of_the_registration_gets_no_answer_any_more(lone: House) -> None:
    lone.add(redirect_uris=[REDIRECT, f"{REDIRECT}2"])
    lone.sign_in.there = lone.signed_in()
    kept = lone.http.post("/authorize", data=parameters())
    pushed = push(lone).get_json()["request_uri"]
    lone.add(redirect_uris=[f"{REDIRECT}2"])
    refused = lone.http.get(kept.location)
    assert (refused.status_code, refused.get_data(as_text=True)) == (400, "error page: invalid_request")
    refused = lone.http.get("/authorize", query_string={"client_id": "school", "request_uri": pushed})
    assert (refused.status_code, refused.get_data(as_text=True)) == (400, "error page: invalid_request")
