"""Client authentication by certificate (RFC 8705 §2): THREATS §2, a row each.

An expired certificate isn't among them: dates and chain are the proxy's to check, in the handshake.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from config.database import Database
from config.outgoing import Outgoing
from config.settings import Outgoing as OutgoingSettings
from oidc.client_authentication.private_key import ASSERTION_TYPE
from oidc.errors import InvalidClientMetadata
from tests.certificates import Authority
from tests.clocks import FixedClock
from tests.oidc.certified import SUBJECT, Certified
from tests.oidc.provider_house import SECRET, ClientKey, House, basic, error_of, json_of
from tests.other_server import serving

TLS: dict[str, Any] = {"token_endpoint_auth_method": "tls_client_auth", "client_secret": None}
SELF_SIGNED: dict[str, Any] = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "client_secret": None}
OTHER = Certified("CN=evil,O=City\\, North,C=FR", ())


@pytest.fixture
def certified(sqlite: Database, tmp_path: Path, clock: FixedClock) -> House:
    """A provider behind a proxy that passes certificates on."""
    return House(sqlite, tmp_path / "keys", clock, certificates=True)


def revoke(house: House, headers: dict[str, str], **form: Any) -> TestResponse:
    """The smallest endpoint behind client authentication: 200 means authenticated."""
    return house.http.post("/revoke", data={"token": "x", "client_id": "school", **form}, headers=headers)


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        pytest.param("subject_dn", SUBJECT, "CN=school,O=City,C=FR", id="subject"),
        pytest.param("subject_dn", "cn=school,2.5.4.10=City\\2C North,c=FR", "C=FR,O=City\\, North,CN=school", id="DN"),
        pytest.param("subject_dn", SUBJECT, "CN=School,O=City\\, North,C=FR", id="subject's case"),
        pytest.param("subject_dn", SUBJECT, "CN=school+O=City\\, North,C=FR", id="subject with two in one"),
        pytest.param("subject_dn", SUBJECT, "CN=school", id="part of the subject"),
        pytest.param("san_dns", "school.example", "evil.example", id="DNS"),
        pytest.param("san_dns", "SCHOOL.example", "*.example", id="DNS wildcard"),
        pytest.param("san_uri", "https://school.example/client", "https://school.example/", id="URI"),
        pytest.param("san_uri", "https://school.example/client", "school.example", id="DNS name as URI"),
        pytest.param("san_ip", "2001:db8::7", "2001:db8::8", id="IP"),
        pytest.param("san_ip", "2001:0DB8:0::7", "192.0.2.7", id="IP, written otherwise"),
        pytest.param("san_email", "School@school.EXAMPLE", "school@school.example", id="mail"),
    ],
)
def test_a_certificate_with_the_registered_name_passes_and_one_with_another_does_not(
    certified: House, name: str, right: str, wrong: str
) -> None:
    shown = Certified()
    certified.add(**TLS, **{f"tls_client_auth_{name}": right})
    assert revoke(certified, shown.headers()).status_code == 200
    assert error_of(revoke(certified, OTHER.headers())) == "invalid_client"
    certified.add(**TLS, **{f"tls_client_auth_{name}": wrong})
    assert error_of(revoke(certified, shown.headers())) == "invalid_client"


@pytest.mark.parametrize(
    ("headers", "form"),
    [
        pytest.param({"X-Client-Cert": None}, {}, id="certificate missing"),
        pytest.param({"X-Client-Cert": "-----BEGIN CERTIFICATE-----"}, {}, id="cut short"),
        pytest.param({"X-Client-Cert": "twice"}, {}, id="two certificates"),
        pytest.param({"X-Client-Cert": "garbage"}, {}, id="no certificate in the envelope"),
        pytest.param({"X-Client-Verify": None}, {}, id="the proxy doesn't say that it trusts the authority"),
        pytest.param({"X-Client-Verify": "FAILED:self-signed certificate"}, {}, id="another authority's"),
        pytest.param({"X-Client-Verify": "NONE"}, {}, id="unverified"),
        pytest.param({}, {"client_id": "other"}, id="another client's"),
        pytest.param({}, {"client_id": "nobody"}, id="an unknown client's"),
        pytest.param({}, {"client_id": ""}, id="client_id missing"),
        pytest.param({}, {"client_secret": SECRET}, id="a secret instead"),
        pytest.param({"Authorization": basic("school", SECRET)}, {}, id="a secret in the header instead"),
    ],
)
def test_a_request_that_differs_in_one_thing_is_refused(
    certified: House, headers: dict[str, str | None], form: dict[str, Any]
) -> None:
    certified.add(**TLS, tls_client_auth_subject_dn=SUBJECT)
    certified.add("other", **TLS, tls_client_auth_san_dns="other.example")
    valid = Certified().headers()
    whole = valid["X-Client-Cert"]
    made = {
        "twice": f"{whole},{whole}",
        "garbage": "-----BEGIN%20CERTIFICATE-----%0AAAAA%0A-----END%20CERTIFICATE-----%0A",
    }
    sent = {n: made.get(v or "", v) for n, v in {**valid, **headers}.items()}
    answered = revoke(certified, {n: v for n, v in sent.items() if v is not None}, **form)
    assert (answered.status_code, error_of(answered)) == (401, "invalid_client")
    assert revoke(certified, valid).status_code == 200


def test_from_anybody_but_a_trusted_proxy_the_header_says_nothing(certified: House) -> None:
    certified.add(**TLS, tls_client_auth_subject_dn=SUBJECT)
    certified.trust(proxies=0)
    assert error_of(revoke(certified, Certified().headers())) == "invalid_client"
    certified.trust(proxies=1)
    assert revoke(certified, Certified().headers()).status_code == 200


@pytest.mark.parametrize("verify", ["FAILED:self-signed certificate", None, "SUCCESS"])
def test_a_certificate_that_the_client_signed_itself_passes_by_its_key(certified: House, verify: str | None) -> None:
    shown = Certified()
    certified.add(**SELF_SIGNED, jwks={"keys": [ClientKey(certified.clock).public, shown.jwk()]})
    assert revoke(certified, shown.headers(verify)).status_code == 200
    renewed = Certified(key=shown.key)
    assert revoke(certified, renewed.headers(verify)).status_code == 200, "another certificate of the same key"
    # The names are those of the registered one: only the key counts.
    assert error_of(revoke(certified, Certified().headers(verify))) == "invalid_client"
    assert error_of(revoke(certified, {})) == "invalid_client"


def test_a_key_that_names_its_certificate_means_that_one(certified: House) -> None:
    shown = Certified()
    certified.add(**SELF_SIGNED, jwks={"keys": [shown.jwk(x5c=shown.x5c)]})
    assert revoke(certified, shown.headers()).status_code == 200
    assert error_of(revoke(certified, Certified(key=shown.key).headers())) == "invalid_client"
    certified.add(**SELF_SIGNED, jwks={"keys": [Certified().jwk(x5c=shown.x5c)]})
    assert error_of(revoke(certified, shown.headers())) == "invalid_client", "x5c is of another key"


def test_a_new_certificate_is_found_where_the_client_keeps_its_keys(
    sqlite: Database, tmp_path: Path, clock: FixedClock
) -> None:
    authority, old, new = Authority(tmp_path), Certified(), Certified()
    outgoing = Outgoing(OutgoingSettings(allow_hosts=("127.0.0.1",), ca_file=str(authority.file)))
    house = House(sqlite, tmp_path / "keys", clock, certificates=True, outgoing=outgoing)
    with serving(authority.issue("127.0.0.1")) as other:
        other.documents["/jwks"] = {"keys": [old.jwk()]}
        house.add(**SELF_SIGNED, jwks_uri=f"https://127.0.0.1:{other.port}/jwks")
        assert revoke(house, old.headers()).status_code == 200
        clock.advance(timedelta(seconds=11))
        other.documents["/jwks"] = {"keys": [new.jwk()]}
        assert revoke(house, new.headers()).status_code == 200
        assert error_of(revoke(house, old.headers())) == "invalid_client", "retired"


def test_a_certificate_beside_another_method_is_no_second_method(certified: House) -> None:
    key = ClientKey(certified.clock)
    certified.add(token_endpoint_auth_method="private_key_jwt", client_secret=None, jwks={"keys": [key.public]})
    form = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": key.assertion("school")}
    assert revoke(certified, OTHER.headers(), **form).status_code == 200
    assert error_of(revoke(certified, OTHER.headers())) == "invalid_client", "the certificate alone is no method of its"


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({}, id="no name"),
        pytest.param({"tls_client_auth_san_dns": "a", "tls_client_auth_san_uri": "b"}, id="two names"),
        pytest.param({"tls_client_auth_subject_dn": "CN=a, O=b"}, id="no RFC 4514"),
        pytest.param({"tls_client_auth_subject_dn": "school"}, id="no attribute"),
        pytest.param({"tls_client_auth_san_ip": "school"}, id="no address"),
        pytest.param({"tls_client_auth_san_dns": 7}, id="no string"),
        pytest.param({"tls_client_auth_san_uri": "x" * 1001}, id="too long"),
        pytest.param({"tls_client_auth_san_dns": "a", "client_secret": SECRET}, id="with a secret"),
        pytest.param({**SELF_SIGNED, "tls_client_auth_san_dns": "a", "jwks": {}}, id="self-signed without keys"),
        pytest.param({**SELF_SIGNED, "tls_client_auth_san_dns": "a", "jwks": "own"}, id="self-signed with a name"),
        pytest.param({"token_endpoint_auth_method": "none", "tls_client_auth_san_dns": "a"}, id="public with a name"),
    ],
)
def test_a_registration_that_could_not_be_checked_is_refused(certified: House, changed: dict[str, Any]) -> None:
    given = {**TLS, **changed}
    if given.get("jwks") == "own":
        given["jwks"] = {"keys": [OTHER.jwk()]}
    with pytest.raises(InvalidClientMetadata):
        certified.add(**given)
    assert certified.clients.all() == []


def test_where_no_proxy_passes_certificates_on_nobody_registers_for_them(lone: House) -> None:
    with pytest.raises(InvalidClientMetadata, match="no proxy"):
        lone.add(**TLS, tls_client_auth_subject_dn=SUBJECT)
    told = json_of(lone.http.get("/.well-known/openid-configuration"))
    assert not {m for m in told["token_endpoint_auth_methods_supported"] if "tls" in m}
    assert "mtls_endpoint_aliases" not in told


def test_discovery_says_what_the_proxy_makes_possible(sqlite: Database, tmp_path: Path, clock: FixedClock) -> None:
    alias = "https://mtls.account.example"
    house = House(sqlite, tmp_path / "keys", clock, certificates=True, mutual_tls_url=alias)
    told = json_of(house.http.get("/.well-known/openid-configuration"))
    for endpoint in ("token", "introspection", "revocation"):
        methods = told[f"{endpoint}_endpoint_auth_methods_supported"]
        assert {"tls_client_auth", "self_signed_tls_client_auth"} <= set(methods)
    assert {"token_endpoint", "backchannel_authentication_endpoint"} <= told["mtls_endpoint_aliases"].keys()
    for name, address in told["mtls_endpoint_aliases"].items():
        assert address.replace(alias, told["issuer"]) == told[name]
    house.add(**TLS, tls_client_auth_subject_dn=SUBJECT)
    there = house.http.post(
        "/revoke", data={"token": "x", "client_id": "school"}, headers=Certified().headers(), base_url=alias
    )
    assert there.status_code == 200
    # RFC 9449 §4.2: a proof names the address that the client really called; FAPI 2.0 lets it bind by DPoP beside this.
    key = ClientKey(clock)
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": "school"}
    for origin, error in ((alias, "invalid_grant"), ("https://evil.example", "invalid_dpop_proof")):
        shown = {**Certified().headers(), "DPoP": key.proof("POST", "/token", htu=f"{origin}/token")}
        assert error_of(house.http.post("/token", data=form, headers=shown, base_url=alias)) == error
