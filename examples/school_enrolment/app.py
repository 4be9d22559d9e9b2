"""School enrolment: an example e-service to copy, on Flask and Authlib's client.

It signs parents in with the city account, asks for three papers, fetches them with its token and shows them.
What an integrator needs is in `sign_in`, `callback` and `fetch`; the rest is pages. Start it with:

    CITY_ISSUER=… CITY_CLIENT_ID=… CITY_CLIENT_SECRET=… flask --app examples.school_enrolment.app run --port 8001
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, Response, abort, redirect, render_template, request, session, url_for

ISSUER = os.environ.get("CITY_ISSUER", "http://localhost:8000")

# What the school may ask, and no more: Education Code D131-3-1. One member a paper that the parent chooses.
PAPERS = [
    {
        "type": "document",
        "document_types": types,
        "actions": ["read"],
        "purpose": "school_enrolment",
        "duration": "P30D",
        "locations": [f"{ISSUER}/vault"],
    }
    for types in (["proof_of_address"], ["identity_card", "passport"], ["birth_certificate", "family_record_book"])
]


@dataclass
class Enrolment:
    """One parent's file, kept at the service. A real service keeps it in its database."""

    sub: str
    name: str
    token: dict[str, Any] = field(repr=False)
    papers: list[Paper] = field(default_factory=list)
    problem: str = ""


@dataclass
class Paper:
    """One paper as it was fetched: its bytes are the service's copy, for as long as it said it keeps them."""

    document_type: str
    location: str
    media_type: str
    sha256: str
    body: bytes = field(repr=False)


app = Flask(__name__)
# The browser comes back from another site by a link, so the cookie must be Lax; it holds nothing but a random key.
app.config.update(SECRET_KEY=os.environ.get("SCHOOL_SECRET") or secrets.token_hex(), SESSION_COOKIE_NAME="school")
app.config.update(SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_HTTPONLY=True)
enrolments: dict[str, Enrolment] = {}

city = OAuth(app).register(
    "city",
    client_id=os.environ.get("CITY_CLIENT_ID", "school-enrolment"),
    client_secret=os.environ.get("CITY_CLIENT_SECRET", ""),
    server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_kwargs={"scope": "openid profile", "code_challenge_method": "S256"},
)


@app.get("/")
def start() -> str:
    """The first page: what will happen, and the button."""
    return render_template("start.html", enrolment=_mine(), refused=session.pop("refused", ""))


@app.get("/sign-in")
def come_signed_in() -> Any:
    """The parent opens the school from the city's "My services" (`initiate_login_uri`, OpenID Connect Core §4)."""
    return sign_in() if request.args.get("iss") == ISSUER else abort(400)


@app.post("/sign-in")
def sign_in() -> Any:
    """Send the parent to the city account (RFC 6749 §4.1.1, with PKCE and RFC 9396)."""
    return city.authorize_redirect(
        url_for("callback", _external=True),
        authorization_details=json.dumps(PAPERS),
        ui_locales="fr en",
    )


@app.get("/callback")
def callback() -> Any:
    """The parent is back. RFC 9207: an answer that another provider could have sent is refused."""
    if request.args.get("iss") != ISSUER:
        abort(400)
    try:
        token = city.authorize_access_token()
    except OAuthError as error:
        session["refused"] = error.error
        return redirect(url_for("start"))
    person = token["userinfo"]  # the ID token's claims, verified by Authlib
    name = city.userinfo(token=token).get("name", "")
    session["file"] = secrets.token_hex()
    enrolments[session["file"]] = Enrolment(sub=person["sub"], name=name, token=token)
    return redirect(url_for("enrolment"))


@app.get("/enrolment")
def enrolment() -> Any:
    """The parent's file. The first look fetches the papers; `?again` asks the city once more."""
    mine = _mine()
    if mine is None:
        return redirect(url_for("start"))
    if not mine.papers or "again" in request.args:
        fetch(mine)
    return render_template("enrolment.html", enrolment=mine)


@app.get("/paper/<int:number>")
def paper(number: int) -> Response:
    """The bytes of one fetched paper, to this parent's browser only."""
    mine = _mine()
    if mine is None or number >= len(mine.papers):
        abort(404)
    found = mine.papers[number]
    kind = found.media_type if found.media_type in {"image/jpeg", "image/png"} else "application/octet-stream"
    return Response(found.body, mimetype=kind, headers={"X-Content-Type-Options": "nosniff"})


def fetch(mine: Enrolment) -> None:
    """Fetch every paper with the token; when it has expired (5 minutes), refresh it first (RFC 6749 §6).

    A refusal is a problem (RFC 9457): its `detail` says why in words for people.
    """
    mine.problem = ""
    try:
        if mine.token["expires_at"] < time.time() + 5:
            mine.token |= city.fetch_access_token(
                grant_type="refresh_token",
                refresh_token=mine.token.get("refresh_token"),
            )
    except OAuthError as error:
        mine.problem = f"The city refused: {error.description or error.error}"
        return
    papers = []
    for document in (d for detail in mine.token["authorization_details"] for d in detail["documents"]):
        answer = requests.get(
            document["location"],
            headers={"Authorization": f"Bearer {mine.token['access_token']}", "Acting-Agent": "system"},
            timeout=30,
        )
        if not answer.ok:
            mine.problem = f"The city refused: {answer.json().get('detail') or answer.json()['title']}"
            return
        digest = hashlib.sha256(answer.content).hexdigest()
        papers.append(
            Paper(
                document["document_type"],
                document["location"],
                answer.headers["Content-Type"],
                digest,
                answer.content,
            ),
        )
    mine.papers = papers


def _mine() -> Enrolment | None:
    return enrolments.get(session.get("file", ""))
