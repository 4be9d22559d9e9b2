"""A citizen over plain HTTP, and the service that reads their papers: what the benchmark drives."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

PASSWORD = "four boats sleep under the bridge"  # noqa: S105 -- of a benchmark's own installation
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@dataclass
class Visitor:
    """One browser."""

    url: str
    email: str
    callback: str = "http://127.0.0.1:8001/callback"
    http: requests.Session = field(default_factory=requests.Session)

    def post(self, page: str, path: str, **fields: str) -> requests.Response:
        """Send a form with the hidden field of a page."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.http.get(self.url + page).text)
        assert token, page
        return self.http.post(self.url + path, data={"csrf_token": token[1], **fields}, allow_redirects=False)

    def sign_up(self) -> None:
        """Make the account, by the mailed link."""
        self.http.get(f"{self.url}/sign-up?lang=en")
        waiting = self.post("/sign-up", "/sign-up", email=self.email, password=PASSWORD, next="/")
        assert waiting.status_code == 303, waiting.text[:500]
        link = None
        while link is None:
            mails = self.http.get(f"{self.url}/local-mailbox").text
            pattern = rf"{re.escape(self.email)}.*?href=\"{re.escape(self.url)}(/confirm/[\w-]+)\""
            link = re.search(pattern, mails, re.DOTALL)
        assert self.post(link[1], link[1]).status_code == 303

    def sign_in(self) -> None:
        """The address and the password, once more."""
        assert self.post("/sign-in", "/sign-in", email=self.email, password=PASSWORD, next="/").status_code == 303

    def name(self, given: str, family: str) -> None:
        """Tell the account a name."""
        told = self.post("/profile", "/profile", given_name=given, family_name=family)
        assert told.status_code == 303, told.text[:500]

    def upload(self, content: bytes) -> str:
        """Deposit a paper; its id."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.http.get(f"{self.url}/papers/pictures").text)
        assert token
        fields = {"csrf_token": token[1], "document_type": "identity_card", "label": "bench", "agreement": "no"}
        files: dict[str, Any] = {name: (None, value) for name, value in fields.items()}
        files["file"] = ("card.pdf", content, "application/pdf")
        answer = self.http.post(f"{self.url}/papers/add", files=files, allow_redirects=False)
        assert answer.status_code == 303, answer.text[:800]
        return urlsplit(answer.headers["Location"]).path.rpartition("/")[2]

    def lend(self, document: str, client: tuple[str, str]) -> dict[str, Any]:
        """Let the school read one paper; its token response."""
        detail = (
            '[{"type":"document","document_types":["identity_card"],"actions":["read"],'
            f'"purpose":"school_enrolment","duration":"P30D","locations":["{self.url}/vault"]}}]'
        )
        return self._released(self.authorize(client[0], detail), client, {"paper-0": document})

    def release(self, client: tuple[str, str]) -> dict[str, Any]:
        """Approve once that the school signs this person in; its token response."""
        return self._released(self.authorize(client[0]), client, {})

    def sign_on(self, client: tuple[str, str]) -> None:
        """Single sign-on as the service sees it: a code by the session that is there, tokens for it, the claims."""
        back = self.http.get(self.authorize(client[0]), allow_redirects=False)
        token = self.redeem(back.headers["Location"], client)
        assert {"id_token", "refresh_token"} <= token.keys(), token
        found = self.http.get(f"{self.url}/userinfo", headers={"Authorization": f"Bearer {token['access_token']}"})
        assert found.ok, found.text

    def beside(self) -> Visitor:
        """The same browser's cookies on a connection of its own."""
        other = Visitor(self.url, self.email, self.callback)
        other.http.cookies.update(self.http.cookies)
        return other

    def _released(self, request: str, client: tuple[str, str], chosen: dict[str, str]) -> dict[str, Any]:
        answer = self.http.get(request, allow_redirects=False)
        page = urlsplit(answer.headers["Location"]).path
        sent = self.post(page, page, **chosen, decision="send")
        assert sent.status_code == 303, sent.text[:800]
        back = self.http.get(self.url + page.replace("/release/", "/authorize/"), allow_redirects=False)
        return self.redeem(back.headers["Location"], client)

    def authorize(self, client_id: str, details: str = "") -> str:
        """The address that a service sends the browser to."""
        query = {
            "client_id": client_id, "redirect_uri": self.callback, "response_type": "code", "scope": "openid profile",
            "state": "s", "nonce": "n", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
        }  # fmt: skip
        if details:
            query |= {"authorization_details": details, "prompt": "consent"}
        return str(requests.Request("GET", f"{self.url}/authorize", params=query).prepare().url)

    def redeem(self, location: str, client: tuple[str, str]) -> dict[str, Any]:
        """The service's token request."""
        code = parse_qs(urlsplit(location).query)["code"][0]
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.callback,
            "code_verifier": VERIFIER,
        }
        told = self.http.post(f"{self.url}/token", data=form, auth=client)
        assert told.ok, told.text
        members: dict[str, Any] = told.json()
        return members
