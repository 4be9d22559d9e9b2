"""A kiosk in the town hall: an example of the device flow (RFC 8628) to copy, on Flask, requests and segno.

Nobody types a password on a public screen: it shows a code and a QR code, the person opens the city account on a
telephone of their own and approves there, and the kiosk learns who stands before it. Start it with:

    CITY_ISSUER=… CITY_CLIENT_ID=… CITY_CLIENT_SECRET=… flask --app examples.kiosk.app run --port 8002
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import Any

import requests
import segno
from flask import Flask, redirect, render_template, url_for

ISSUER = os.environ.get("CITY_ISSUER", "http://localhost:8000")
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
SHOWN_SECONDS = 30
"""How long a name stays on the screen when its person walks away."""


@dataclass
class Screen:
    """What the one screen of this kiosk shows: nothing, a code, or a name."""

    begun: dict[str, Any] = field(default_factory=dict, repr=False)
    until: float = 0
    asks_again: float = 0
    welcome: str = ""
    problem: str = ""

    def clear(self) -> None:
        """Whoever was here before is gone."""
        self.begun, self.until, self.asks_again, self.welcome, self.problem = {}, 0, 0, "", ""


app = Flask(__name__)
city = requests.Session()
city.auth = (os.environ.get("CITY_CLIENT_ID", "kiosk"), os.environ.get("CITY_CLIENT_SECRET", ""))
screen = Screen()


@app.get("/")
def start() -> str:
    """The first page: what will happen, and the button."""
    return render_template("start.html", problem=screen.problem)


@app.post("/code")
def begin() -> Any:
    """Ask for a code (RFC 8628 §3.1). It shows for ten minutes at most."""
    answer = city.post(f"{ISSUER}/device-authorization", data={"scope": "openid profile"}, timeout=10)
    screen.clear()
    if not answer.ok:
        screen.problem = "The city account can't be reached. Please ask at the counter."
        return redirect(url_for("start"))
    screen.begun = answer.json()
    screen.until = time.time() + screen.begun["expires_in"]
    return redirect(url_for("code"))


@app.get("/code")
def code() -> Any:
    """The code and its QR code; kiosk.js asks for this page again and again until it leads on."""
    if screen.welcome:
        return redirect(url_for("hello"))
    if not screen.begun:
        return redirect(url_for("start"))
    if time.time() < screen.asks_again:  # RFC 8628 §3.5: not before the interval is over
        return _code_page()
    form = {"grant_type": DEVICE_CODE, "device_code": screen.begun["device_code"]}
    answer = city.post(f"{ISSUER}/token", data=form, timeout=10)
    told = answer.json()
    if answer.ok:
        bearer = {"Authorization": f"Bearer {told['access_token']}"}
        person = requests.get(f"{ISSUER}/userinfo", headers=bearer, timeout=10).json()
        screen.welcome = f"Welcome, {person['name']}" if person.get("name") else "Welcome"
        screen.begun, screen.until = {}, time.time() + SHOWN_SECONDS
        return redirect(url_for("hello"))
    if told["error"] in {"authorization_pending", "slow_down"}:
        screen.begun["interval"] += 5 * (told["error"] == "slow_down")
        screen.asks_again = time.time() + screen.begun["interval"]
        return _code_page()
    refused = told["error"] == "access_denied"
    screen.begun = {}
    screen.problem = "You said no. Nothing was sent." if refused else "The code is over. Begin again."
    return redirect(url_for("start"))


def _code_page() -> str:
    picture = segno.make(screen.begun["verification_uri_complete"], error="m").svg_data_uri(scale=8, border=4)
    minutes = max(1, round((screen.until - time.time()) / 60))
    return render_template("code.html", begun=screen.begun, picture=picture, minutes=minutes)


@app.get("/hello")
def hello() -> Any:
    """Who approved; gone after half a minute, or with the button."""
    if not screen.welcome or time.time() > screen.until:
        return leave()
    return render_template("hello.html", welcome=screen.welcome)


@app.post("/leave")
def leave() -> Any:
    """Forget who was here."""
    screen.clear()
    return redirect(url_for("start"))
