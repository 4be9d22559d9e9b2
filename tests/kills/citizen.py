"""A citizen at a plain socket: can stop in the middle of an upload and see what came back, whatever came back."""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import re
import socket
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from bench.visitor import Visitor
from citizen_account.sessions import Device
from citizen_account.store.accounts import AccountId
from tests.citizen_account.town import multipart
from tests.kills.machine import PATIENCE, Machine
from vault.protocols import OwnerId

FILE = b'name="file"'


@dataclass
class Answer:
    """One whole answer of the web server."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def receipt(self) -> str:
        """The id of the paper that this answer acknowledges; empty when it acknowledges none."""
        path = urlsplit(self.headers.get("location", "")).path
        return path.rpartition("/")[2] if self.status == http.HTTPStatus.SEE_OTHER else ""


@dataclass
class Citizen:
    """A person with an account of their own, signed in at a browser."""

    machine: Machine
    account: AccountId
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    @property
    def owner(self) -> OwnerId:
        return self.machine.house.accounts.owner_of(self.account)

    def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        """Load a page, with this browser's cookies unless others are given."""
        connection = http.client.HTTPConnection("localhost", self.machine.port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers=self.headers() if headers is None else headers)
            return self._answer(connection.getresponse())
        finally:
            connection.close()

    def post(self, path: str) -> Answer:
        """Send a form that holds nothing but its hidden field."""
        connection = http.client.HTTPConnection("localhost", self.machine.port, timeout=PATIENCE)
        headers = {"Content-Type": "application/x-www-form-urlencoded", **self.headers()}
        try:
            connection.request("POST", path, f"csrf_token={self.token}", headers)
            return self._answer(connection.getresponse())
        finally:
            connection.close()

    def headers(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    def upload(self, content: bytes, **given: str) -> Answer:
        """Send a whole paper and wait for the answer."""
        with Upload(self, content, **given) as upload:
            upload.advance(len(upload.body))
            answer = upload.answer()
        assert answer is not None, "no answer"
        return answer

    def lend(self, document: str) -> tuple[str, dict[str, str]]:
        """Lend a paper to the school enrolment service: where it fetches it, and its headers."""
        kept = json.loads((self.machine.folder / "school-enrolment.json").read_text())
        visitor = Visitor(self.machine.url, "")
        visitor.http.headers.update(self.headers())
        token = visitor.lend(document, (kept["client_id"], kept["client_secret"]))
        location = urlsplit(token["authorization_details"][0]["documents"][0]["location"]).path
        return location, {"Authorization": f"Bearer {token['access_token']}", "Acting-Agent": "clerk-7"}

    def _answer(self, response: http.client.HTTPResponse) -> Answer:
        answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        for line in response.headers.get_all("Set-Cookie", []):
            name, _, rest = line.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return answer


def citizen(machine: Machine, *, agreed: bool = True) -> Citizen:
    """Someone new, whose choice about page pictures is made."""
    house = machine.house
    account = house.accounts.create(language="en")
    with house.database.transaction() as tx:
        device = Device(browser="Firefox", system="Linux")
        started = house.sessions.start(tx, account, device=device, device_secret="d" * 43)
    person = Citizen(machine, account, {"session": started.secret, "language": "en"})
    house.documents.record_agreement(person.owner, agreed)
    page = person.get("/papers/pictures").body.decode()
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, page
    person.token = found[1]
    return person


class Upload:
    """The request that adds one paper, sent as far as one likes."""

    def __init__(self, person: Citizen, content: bytes, *, name: str = "card.pdf", media_type: str = "application/pdf",
                 token: str | None = None, label: str = "", path: str = "/papers/add") -> None:  # fmt: skip
        fields = {
            "csrf_token": person.token if token is None else token,
            "document_type": "identity_card",
            "label": label,
            "agreement": "yes",
        }
        self.content = content
        self.body, boundary = multipart(fields, content, name, media_type)
        self.file_begins = self.body.index(b"\r\n\r\n", self.body.index(FILE)) + 4
        self.sent = 0
        self.broken = False
        headers = {
            "Host": f"localhost:{person.machine.port}",
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(len(self.body)),
            "Connection": "close",
            **person.headers(),
        }
        lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        self.socket = socket.create_connection(("localhost", person.machine.port), timeout=PATIENCE)
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def advance(self, offset: int) -> None:
        """Send the body up to `offset`, unless the other side is gone."""
        try:
            self.socket.sendall(memoryview(self.body)[self.sent : offset])
        except ConnectionError:
            self.broken = True
        self.sent = offset

    def answer(self) -> Answer | None:
        """What came back; None when the connection broke before a whole answer."""
        response = http.client.HTTPResponse(self.socket)
        try:
            response.begin()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        except (ConnectionError, http.client.HTTPException):
            return None


def paper(size: int, chance: random.Random, text: str = "IDENTITY CARD") -> bytes:
    """A PDF of exactly `size` bytes: one page, and a stream of noise that no reader needs."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
        _stream(f"BT /F 24 Tf 72 720 Td ({text}) Tj ET".encode()),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Font << /F 5 0 R >> >>",
    ]
    short = _file([*objects, _stream(b"")])
    # What is longer than nothing also takes more digits: once more with what the first try lacked.
    noise = size - len(short)
    made = _file([*objects, _stream(chance.randbytes(noise))])
    return _file([*objects, _stream(chance.randbytes(noise - (len(made) - size)))])


def _stream(content: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content)


def _file(objects: list[bytes]) -> bytes:
    made, places = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, start=1):
        places.append(len(made))
        made += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    begin, count = len(made), len(objects) + 1
    made += b"xref\n0 %d\n0000000000 65535 f \n%b" % (count, table)
    made += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, begin)
    return bytes(made)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
