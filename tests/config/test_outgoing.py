"""Requests of our own to addresses that others wrote: where they go, and where they never do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from config import settings
from config.database import Database
from config.errors import ConfigurationError, OutgoingError, OutgoingRefused, TransactionError
from config.outgoing import Outgoing, is_public
from tests.certificates import Authority
from tests.other_server import Other, serving

HOST = "keys.partner.example"


def outgoing(ca: Path | None = None, *, allow: tuple[str, ...] = (HOST,), seconds: float = 20) -> Outgoing:
    """Ours, with a resolver that knows every name as loopback."""
    given = settings.Outgoing(allow_hosts=allow, ca_file=str(ca or ""), timeout=timedelta(seconds=seconds))
    return Outgoing(given, resolve=lambda _host, port: [("127.0.0.1", port)])


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def other(authority: Authority) -> Iterator[Other]:
    with serving(authority.issue(HOST)) as running:
        yield running


def test_a_document_comes_whole_with_its_type(other: Other, authority: Authority) -> None:
    out = outgoing(authority.file)
    answer = out.get(f"https://{HOST}:{other.port}/keys?v=1", accept="application/json", max_bytes=100)
    assert (answer.status, answer.media_type, answer.body) == (200, "application/json", b"x" * 100)
    out.post(f"https://{HOST}:{other.port}/notice", b"a=1", media_type="text/plain", max_bytes=100)
    asked = f"{HOST}:{other.port}"
    assert other.asked == [("GET", "/keys?v=1", asked, b""), ("POST", "/notice", asked, b"a=1")]


@pytest.mark.parametrize("path", ["/slow", "/zipped", "/cut"])
def test_an_answer_that_is_late_encoded_or_cut_is_none(path: str, other: Other, authority: Authority) -> None:
    with pytest.raises(OutgoingError):
        outgoing(authority.file, seconds=0.3).get(f"https://{HOST}:{other.port}{path}", accept="*/*", max_bytes=1000)


def test_an_answer_over_the_limit_is_none(other: Other, authority: Authority) -> None:
    with pytest.raises(OutgoingError):
        outgoing(authority.file).get(f"https://{HOST}:{other.port}/", accept="*/*", max_bytes=99)


def test_a_redirect_is_not_followed(other: Other, authority: Authority) -> None:
    assert (
        outgoing(authority.file).get(f"https://{HOST}:{other.port}/redirect", accept="*/*", max_bytes=9).status == 302
    )
    assert [path for _, path, _, _ in other.asked] == ["/redirect"]


def test_a_certificate_of_another_name_or_authority_is_refused(tmp_path: Path, authority: Authority) -> None:
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other", "Stranger")
    for issued in (authority.issue("elsewhere.example"), stranger.issue(HOST)):
        with serving(issued) as other, pytest.raises(OutgoingError):
            outgoing(authority.file).get(f"https://{HOST}:{other.port}/", accept="*/*", max_bytes=100)
        assert other.asked == []


URLS = [
    "https://{host}/",
    "https://127.0.0.1:{port}/",
    "https://127.1:{port}/",
    "https://2130706433:{port}/",
    "https://0x7f000001:{port}/",
    "https://0177.0.0.1:{port}/",
    "https://0:{port}/",
    "https://0.0.0.0:{port}/",
    "https://localhost:{port}/",
    "https://localhost.:{port}/",
    "https://[::1]:{port}/",
    "https://[::]:{port}/",
    "https://[::ffff:127.0.0.1]:{port}/",
    "https://[::ffff:7f00:1]:{port}/",
    "https://[64:ff9b::7f00:1]:{port}/",
    "https://[2002:7f00:1::]:{port}/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[fd00:ec2::254]/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.0.1/",
    "https://100.64.0.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://[fe80::1]/",
    "https://[ff02::1]/",
    "http://example.org/",
    "ftp://example.org/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_x",
    "//127.0.0.1:{port}/",
    "https:///x",
    "https://",
    "",
    "https://example.org#@127.0.0.1:{port}/",
    "https://user@127.0.0.1:{port}/",
    "https://example.org:443@127.0.0.1:{port}/",
    "https://example.org\\@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}\\.example.org/",
    "https://example.org/\r\nHost: 127.0.0.1",
    "https://example.org/ x",
    "\thttps://127.0.0.1:{port}/",
    "https://example.org:99999/",
    "https://example.org:-1/",
    "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:{port}/",
    "https://[::1/",
    "https://example.org/" + "a" * 3000,
]


@pytest.mark.parametrize("url", URLS, ids=range(len(URLS)))
def test_an_address_inside_or_malformed_is_refused_and_nothing_is_sent(url: str) -> None:
    with serving(None) as other:
        out = Outgoing(settings.Outgoing())  # the machine's own resolver
        target = url.format(port=other.port, host=f"localhost:{other.port}")
        with pytest.raises(OutgoingRefused):
            out.get(target, accept="*/*", max_bytes=9)
        with pytest.raises(OutgoingRefused):
            out.post(target, b"x", media_type="text/plain", max_bytes=9)
        assert other.connections == 0


def test_one_private_address_among_public_ones_is_refused() -> None:
    out = Outgoing(settings.Outgoing(), resolve=lambda _host, port: [("93.184.216.34", port), ("127.0.0.1", port)])
    with pytest.raises(OutgoingRefused):
        out.get("https://rebinding.example/", accept="*/*", max_bytes=9)


def test_the_connection_goes_to_the_address_that_was_checked(other: Other, authority: Authority) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[tuple[str, int]]:
        asked.append(host)
        return [("127.0.0.1", port)]

    out = Outgoing(settings.Outgoing(allow_hosts=(HOST,), ca_file=str(authority.file)), resolve=resolve)
    # The name exists nowhere: were it looked up a second time, the call would fail.
    assert out.get(f"https://{HOST}:{other.port}/", accept="*/*", max_bytes=100).status == 200
    assert asked == [HOST]


def test_a_host_of_the_city_is_let_through_by_its_name_alone(authority: Authority) -> None:
    with serving(None) as other:
        out = outgoing(authority.file, allow=("127.0.0.1",))
        assert out.get(f"http://127.0.0.1:{other.port}/", accept="*/*", max_bytes=100).status == 200
        with pytest.raises(OutgoingRefused):
            out.get(f"http://localhost:{other.port}/", accept="*/*", max_bytes=100)
        with pytest.raises(OutgoingRefused):
            out.get(f"https://localhost:{other.port}/", accept="*/*", max_bytes=100)


def test_nothing_is_sent_while_a_transaction_is_open(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    with database.transaction(), pytest.raises(TransactionError):
        outgoing().get("https://keys.partner.example/", accept="*/*", max_bytes=9)
    database.close()


def test_an_address_is_checked_for_its_form_at_registration() -> None:
    def resolve(_host: str, _port: int) -> Sequence[tuple[str, int]]:
        pytest.fail("no name is looked up")

    out = Outgoing(settings.Outgoing(), resolve=resolve)
    out.check("https://partner.example/keys")
    with pytest.raises(OutgoingRefused):
        out.check("http://partner.example/keys")


def test_a_missing_authority_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"outgoing\.ca_file .* Give a PEM file"):
        outgoing(tmp_path / "none.pem")


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "2002:5db8:d822::1"])
def test_addresses_of_the_public_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address", ["", "x", "::7f00:1", "fec0::1", "192.0.2.1", "2001:db8::1", "240.0.0.1", "fe80::1%eth0"]
)
def test_addresses_that_are_not(address: str) -> None:
    assert not is_public(address)
