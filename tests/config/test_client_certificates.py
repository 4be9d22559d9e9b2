"""A certificate is read from the header that the settings name, in their format, and only behind a trusted proxy."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.datastructures import Headers
from werkzeug.test import Client, EnvironBuilder
from werkzeug.wrappers import Request, Response

from config import client_certificates
from config.client_certificates import ClientCertificate
from config.errors import ConfigurationError
from config.settings import Provider, Settings, load_settings

DER = bytes(range(256)) * 4
PLAIN = base64.b64encode(DER).decode()
LINES = "\n".join(PLAIN[at : at + 64] for at in range(0, len(PLAIN), 64))
PEM = f"-----BEGIN CERTIFICATE-----\n{LINES}\n-----END CERTIFICATE-----\n"
NGINX, RFC9440 = quote(PEM), f":{PLAIN}:"


def seen(headers: dict[str, str], *, trusted_proxies: int = 1, **chosen: Any) -> ClientCertificate | None:
    """What the doors see of a request."""
    provider = Provider(**{"client_certificate_header": "Client-Cert", **chosen})
    found: list[ClientCertificate | None] = []

    @Request.application
    def door(request: Request) -> Response:
        found.append(client_certificates.of(request.environ))
        return Response()

    settings = Settings(trusted_proxies=trusted_proxies, provider=provider)
    Client(client_certificates.installed(door, settings)).open(EnvironBuilder(headers=Headers(headers)))
    return found[0]


@pytest.mark.parametrize(("written", "value"), [("nginx", NGINX), ("nginx", quote(PEM, safe="")), ("rfc9440", RFC9440)])
def test_each_format_is_read(written: str, value: str) -> None:
    assert seen({"Client-Cert": value}, client_certificate_format=written) == ClientCertificate(DER, is_trusted=True)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        pytest.param("nginx", RFC9440, id="the other format"),
        pytest.param("rfc9440", NGINX, id="the other format, the other way round"),
        pytest.param("nginx", NGINX + NGINX, id="two"),
        pytest.param("nginx", f"{NGINX},{NGINX}", id="two headers"),
        pytest.param("rfc9440", f"{RFC9440}, {RFC9440}", id="two headers, RFC 9440"),
        pytest.param("nginx", NGINX.replace("CERTIFICATE", "PRIVATE%20KEY"), id="something else in PEM"),
        pytest.param("nginx", NGINX[:-40], id="cut short"),
        pytest.param("rfc9440", RFC9440[:-1], id="cut short, RFC 9440"),
        pytest.param("rfc9440", f":{PLAIN[:-1]}:", id="base64 without its padding"),
        pytest.param("rfc9440", f":{PLAIN * 15}:", id="over 16,384 characters"),
        pytest.param("nginx", "%ff%fe", id="not UTF-8"),
        pytest.param("nginx", "", id="empty, as for a client without one"),
    ],
)
def test_anything_else_is_no_certificate(written: str, value: str) -> None:
    assert seen({"Client-Cert": value}, client_certificate_format=written) is None


def test_nothing_is_read_without_a_trusted_proxy_or_without_the_setting() -> None:
    assert seen({"Client-Cert": NGINX}, trusted_proxies=0) is None
    assert seen({"Client-Cert": NGINX}, client_certificate_header="") is None
    assert seen({"Client-Cert": NGINX}, client_certificate_header="X-Cert") is None


@pytest.mark.parametrize(("said", "is_trusted"), [("SUCCESS", True), ("FAILED:expired", False), ("success", False)])
def test_whether_the_authority_is_trusted_says_the_proxy(said: str, is_trusted: bool) -> None:
    headers = {"Client-Cert": NGINX, "X-Verify": said}
    told = seen(headers, client_certificate_verified_header="X-Verify")
    assert told == ClientCertificate(DER, is_trusted)


@pytest.mark.parametrize("name", ["client_certificate_header", "client_certificate_verified_header"])
@pytest.mark.parametrize("value", ["X_Cert", "X Cert", "X-Cert\n", "-"])
def test_a_header_that_none_can_have_is_refused(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        load_settings(provider={name: value})


def test_the_other_address_is_an_origin() -> None:
    with pytest.raises(ConfigurationError, match="mutual_tls_url"):
        load_settings(provider={"mutual_tls_url": "https://mtls.city.example/token"})
