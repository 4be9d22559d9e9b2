"""A small town for tests of the pages: one House on real parts, citizens in browsers, one e-service that asks."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from argon2 import PasswordHasher
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from PIL import Image
from reportlab.pdfgen.canvas import Canvas
from werkzeug.test import Client, TestResponse

from audit.sequencer import Sequencer
from citizen_account import wiring
from citizen_account.addresses import EmailAddress
from citizen_account.app import create_app
from citizen_account.house import House
from citizen_account.sessions import Device
from citizen_account.store import roles
from citizen_account.store.accounts import AccountId
from config.database import Database, metadata
from config.identifiers import SystemRandomness
from config.settings import Settings
from tests.clocks import FixedClock
from vault.protocols import DocumentId

PASSWORD = "the boats sleep at four"
SCHOOL = {
    "client_id": "school-enrolment",
    "client_name": "School enrolment",
    "client_name#fr": "Inscription scolaire",
    "client_uri": "http://127.0.0.1:8001/",
    "redirect_uris": ["http://127.0.0.1:8001/callback"],
    "token_endpoint_auth_method": "client_secret_basic",
    "client_secret": "a secret of the school, long enough for it",
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "scope": "openid profile email",
    "id_token_signed_response_alg": "ES256",
    "contacts": ["enrolment@school.example"],
    "contract": {
        "purposes": {
            "school_enrolment": {
                "document_types": [
                    "proof_of_address",
                    "identity_card",
                    "passport",
                    "birth_certificate",
                    "family_record_book",
                ],
                "max_duration": "P1Y",
                "max_reads": 5,
            },
            "nursery": {"document_types": ["identity_card", "passport"], "max_duration": "P1Y"},
        },
        "retention": "P1Y",
        "contact": "enrolment@school.example",
    },
}


def pdf(text: str = "Electricity bill", pages: int = 1) -> bytes:
    made = io.BytesIO()
    canvas = Canvas(made)
    for number in range(pages):
        canvas.drawString(72, 720, f"{text} {number + 1}")
        canvas.showPage()
    canvas.save()
    return made.getvalue()


def jpeg() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (400, 560), "#eeeecc").save(made, "JPEG")
    return made.getvalue()


class Compiled(BytecodeCache):
    """What the templates compile to, kept for the next town: compiling takes longer than most tests."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


@dataclass
class Town:
    """The House, its application, and the clock that it goes by."""

    house: House
    app: Flask
    clock: FixedClock
    people: int = field(default=0)

    def citizen(self, *held: str, given_name: str = "Alice", language: str = "en") -> Citizen:
        """Someone signed in at a browser of their own, holding these roles."""
        self.people += 1
        address = f"{given_name.lower()}{self.people}@example.org"
        account = self.house.accounts.create(
            language=language,
            email=EmailAddress.parse(address),
            attributes={"given_name": given_name, "family_name": "Martin"},
        )
        hashed = self.house.credentials.hash_new(PASSWORD)
        with self.house.database.transaction() as tx:
            self.house.credentials.put(tx, account, hashed)
            for role in held:
                now = self.clock.now()
                row = roles.RoleRow(
                    proposal=f"{account}.{role}",
                    account=account,
                    role=role,
                    proposed_by="tests",
                    proposed_at=now,
                    confirmed_at=now,
                    confirmed_by="tests",
                )
                roles.propose(tx, row)
            started = self.house.sessions.start(
                tx, account, device=Device(browser="Firefox", system="Linux"), device_secret="d" * 43
            )
        client = Client(self.app)
        client.set_cookie("session", started.secret, domain="localhost")
        client.set_cookie("language", language, domain="localhost")
        return Citizen(self, account, client, address)

    def sign_in_again(self, person: Citizen) -> None:
        """Let someone whose sign-in is over sign in once more, at the same browser."""
        with self.house.database.transaction() as tx:
            started = self.house.sessions.start(
                tx, person.account, device=Device(browser="Firefox", system="Linux"), device_secret="d" * 43
            )
        person.client.set_cookie("session", started.secret, domain="localhost")

    def stranger(self) -> Citizen:
        """A browser that nobody is signed in at."""
        client = Client(self.app)
        client.set_cookie("language", "en", domain="localhost")
        return Citizen(self, AccountId(""), client, "")

    def publish(self) -> None:
        """Let the sequencer number, sign and publish what happened."""
        settings = self.house.settings
        sequencer = Sequencer(
            self.house.database, self.house.stores["ledger"], self.house.signers, settings.ledger_origin
        )
        while sequencer.run_once():
            pass

    def stored_objects(self) -> list[str]:
        return list(self.house.stores["papers"].list(""))

    def authorize_url(
        self, types: list[list[str]], scope: str = "openid profile", purpose: str = "school_enrolment"
    ) -> str:
        details = [
            {
                "type": "document",
                "document_types": codes,
                "actions": ["read"],
                "purpose": purpose,
                "duration": "P30D",
                "locations": [self.house.settings.vault_url],
            }
            for codes in types
        ]
        query = {
            "client_id": "school-enrolment",
            "response_type": "code",
            "redirect_uri": "http://127.0.0.1:8001/callback",
            "scope": scope,
            "state": "s",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "code_challenge_method": "S256",
        }
        if details:
            query["authorization_details"] = json.dumps(details)
        return f"/authorize?{urlencode(query)}"


VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
"""RFC 7636 appendix B, the reverse of the challenge above."""


@dataclass
class Citizen:
    """A person at a browser."""

    town: Town
    account: AccountId
    client: Client
    address: str

    def get(self, path: str, status: int = HTTPStatus.OK, **headers: str) -> str:
        answer = self.client.get(path, base_url="http://localhost:8000", headers=headers)
        assert answer.status_code == status, answer.text[:3000]
        return answer.text

    def open(self, path: str) -> TestResponse:
        return self.client.get(path, base_url="http://localhost:8000")

    def token(self, path: str = "/papers/pictures") -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.open(path).text)
        assert found
        return found[1]

    def post(self, path: str, fields: dict[str, Any], *, page: str = "/papers/pictures") -> TestResponse:
        """Send a form with its hidden token."""
        return self.client.post(path, data={"csrf_token": self.token(page), **fields}, base_url="http://localhost:8000")

    def upload(
        self,
        content: bytes,
        name: str = "bill.pdf",
        media_type: str = "application/pdf",
        fields: dict[str, str] | None = None,
        **changes: Any,
    ) -> TestResponse:
        """Send the form that adds a paper, fields before the file, as browsers do."""
        sent = {
            "csrf_token": self.token(),
            "document_type": "proof_of_address",
            "label": "Electricity bill",
            "agreement": "yes",
            **(fields or {}),
        }
        body, boundary = multipart(sent, content, name, media_type)
        return self.send(body, boundary, **changes)

    def send(self, body: bytes, boundary: str, **headers: Any) -> TestResponse:
        return self.client.post(
            "/papers/add",
            input_stream=io.BytesIO(body),
            content_length=headers.pop("content_length", len(body)),
            content_type=f"multipart/form-data; boundary={boundary}",
            base_url="http://localhost:8000",
            headers=headers,
        )

    def paper(self, content: bytes | None = None, **fields: str) -> DocumentId:
        """Add a paper and return its id."""
        answer = self.upload(pdf() if content is None else content, fields=fields)
        assert answer.status_code == HTTPStatus.SEE_OTHER, answer.text[:3000]
        return DocumentId(urlsplit(answer.location).path.rpartition("/")[2])

    def papers(self) -> int:
        return len(self.town.house.documents.list(self.town.house.accounts.owner_of(self.account)))

    def begin(self, types: list[list[str]], scope: str = "openid profile", purpose: str = "school_enrolment") -> str:
        """Come from the school with a request; the release page's handle."""
        answer = self.open(self.town.authorize_url(types, scope, purpose))
        assert answer.status_code == HTTPStatus.SEE_OTHER, answer.text[:3000]
        found = re.search(r"/release/([A-Za-z0-9_-]+)", answer.location)
        assert found, answer.location
        return found[1]

    def code(self, handle: str) -> str:
        """Go back to the service; the code that it receives."""
        answer = self.open(f"/authorize/{handle}")
        assert answer.status_code in {HTTPStatus.FOUND, HTTPStatus.SEE_OTHER}, answer.text[:3000]
        return parse_qs(urlsplit(answer.location).query)["code"][0]

    def lend(self, document: str) -> dict[str, Any]:
        """Lend a paper to the school, which redeems its code; the token response."""
        handle = self.begin([["proof_of_address"]])
        answer = self.post(f"/release/{handle}", {"paper-0": document, "decision": "send"})
        assert answer.status_code == HTTPStatus.SEE_OTHER, answer.text[:3000]
        return redeem(self.town, self.code(handle))


def multipart(fields: dict[str, str], content: bytes, name: str, media_type: str) -> tuple[bytes, str]:
    boundary = "----WebKitFormBoundaryTown"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    head = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: {media_type}\r\n\r\n'
    return b"".join([*parts, f"--{boundary}\r\n{head}".encode(), content, f"\r\n--{boundary}--\r\n".encode()]), boundary


def redeem(town: Town, code: str, **headers: str) -> dict[str, Any]:
    """The school's server asks for its tokens."""
    answer = Client(town.app).post(
        "/token",
        data={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": "http://127.0.0.1:8001/callback",
            "code_verifier": VERIFIER,
        },
        auth=("school-enrolment", SCHOOL["client_secret"]),
        base_url="http://localhost:8000",
        headers=headers,
    )
    assert answer.status_code == HTTPStatus.OK, answer.text
    told: dict[str, Any] = answer.json or {}
    return told


def fetch(town: Town, token: dict[str, Any], agent: str = "clerk-7") -> TestResponse:
    """The school's server fetches the first paper that it was lent."""
    location = urlsplit(token["authorization_details"][0]["documents"][0]["location"]).path
    headers = {"Authorization": f"Bearer {token['access_token']}", "Acting-Agent": agent}
    return Client(town.app).get(location, headers=headers, base_url="http://localhost:8000")


def set_up(settings: Settings) -> None:
    """Everything of a town that takes long and is alike in every one: tables, keys, the school. For copying."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    first = Database(settings.database)
    metadata.create_all(first.engine)
    first.close()
    house = _house(settings, FixedClock())
    house.clients.add(SCHOOL, actor="tests")
    house.database.close()


def build(settings: Settings, clock: FixedClock) -> Town:
    """The town of these settings, which was set up before; its buckets are made."""
    town = open_again(settings, clock)
    for store in town.house.stores.values():
        store.ensure_bucket()
    return town


def open_again(settings: Settings, clock: FixedClock) -> Town:
    """The House over what is there: a start."""
    house = _house(settings, clock)
    app = create_app(house)
    app.jinja_env.bytecode_cache = COMPILED
    return Town(house, app, clock)


def _house(settings: Settings, clock: FixedClock) -> House:
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return wiring.build(settings, clock=clock, randomness=SystemRandomness(), hasher=hasher)
