"""A service on another site: it sends people to the house by forms, as some do, and keeps what they come back with."""

from __future__ import annotations

import html
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from tests.installation import ROOT, RunningHouse, environment

VERIFIER_HASH = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
"""RFC 7636 appendix B."""


@dataclass
class Service:
    """Its address on 127.0.0.1, the pages it shows by path, and what came to its callback."""

    url: str
    pages: dict[str, str] = field(default_factory=dict)
    came: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    opened: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Every page that was asked for, with its query."""

    def show_form(self, path: str, action: str, fields: Mapping[str, str]) -> str:
        """A page with a form that posts these fields there; its address."""
        inputs = "".join(f'<input name="{k}" value="{html.escape(v)}">' for k, v in fields.items())
        self.pages[path] = f'<form method="post" action="{action}">{inputs}<button>Go</button></form>'
        return self.url + path


@contextmanager
def serving() -> Iterator[Service]:
    """A service that listens until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            service.opened.append((path, dict(parse_qsl(query))))
            if path == "/callback":
                service.came.append(("GET", dict(parse_qsl(query))))
            self._say(service.pages.get(path, "<h1>Welcome back</h1>"))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            service.came.append(("POST", dict(parse_qsl(body))))
            self._say("<h1>Welcome back</h1>")

        def _say(self, text: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(f"<!doctype html><title>Service</title>{text}".encode())

        def log_message(self, *_arguments: object) -> None:
            """Nothing: the tests read what came."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service = Service(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()


def register(town: RunningHouse, folder: Path, service: Service, client_id: str, name: str, **more: Any) -> None:
    """Make it known to the house by the command line, as an operator would."""
    metadata = {
        "client_id": client_id,
        "client_secret": "a-secret-that-the-service-brings-along-0123456789",
        "client_name": name,
        "redirect_uris": [f"{service.url}/callback"],
        "post_logout_redirect_uris": [f"{service.url}/bye"],
        "client_uri": f"{service.url}/",
        "scope": "openid profile",
        "contract": {
            "purposes": {"school_enrolment": {"document_types": ["proof_of_address"], "max_duration": "P1Y"}},
            "retention": "P30D",
            "contact": "help@service.example",
        },
        **more,
    }
    file = folder / f"{client_id}.json"
    file.write_text(json.dumps(metadata))
    subprocess.run(
        [sys.executable, "-m", "citizen_account", "client", "import", str(file)],
        check=True, capture_output=True, cwd=ROOT, env=environment(town.folder),
    )  # fmt: skip


def request(town: RunningHouse, service: Service, client_id: str, **more: str) -> dict[str, str]:
    """The parameters of an authorization request for one paper."""
    details = [
        {
            "type": "document",
            "document_types": ["proof_of_address"],
            "actions": ["read"],
            "purpose": "school_enrolment",
            "duration": "P30D",
            "locations": [f"{town.url}/vault"],
        },
    ]
    return {
        "client_id": client_id,
        "response_type": "code",
        "redirect_uri": f"{service.url}/callback",
        "scope": "openid profile",
        "state": "af0ifjsldkj",
        "code_challenge": VERIFIER_HASH,
        "code_challenge_method": "S256",
        "authorization_details": json.dumps(details),
        **more,
    }
