"""nginx itself, with the site of config/deploy: its ports and files are this test's, everything else is as shipped."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

from tests.certificates import Authority
from tests.walks.relying_parties import listening as comes_to_listen

DEPLOY = Path(__file__).parent.parent / "config" / "deploy"
PROGRAM = "/usr/sbin/nginx"
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
AROUND = """
{user}daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 1;
events {{}}
http {{
  access_log off;
  {temporary}
  {site}
}}
"""


def site(folder: Path, authority: Authority, backend: int, listening: tuple[int, int]) -> str:
    """The shipped site: `backend` instead of the node's port, `listening` where people and certificates come in."""
    issued = authority.issue("127.0.0.1")
    text = (DEPLOY / "nginx.conf").read_text().replace("127.0.0.1:8000", f"127.0.0.1:{backend}")
    for shipped, ours in (
        ("/etc/ssl/account.pem", issued.certificate),
        ("/etc/ssl/account.key", issued.key),
        ("/etc/ssl/clients.pem", authority.file),
        ("/opt/citizen-account/config/deploy", DEPLOY),
    ):
        assert shipped in text
        text = text.replace(shipped, str(ours))
    numbers = iter(listening)
    text, count = re.subn(r"listen 443\b", lambda _: f"listen 127.0.0.1:{next(numbers)}", text)
    assert count == len(listening)
    temporary = "\n  ".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    user = "user root;\n" if os.getuid() == 0 else ""
    return AROUND.format(user=user, folder=folder, temporary=temporary, site=text)


@contextmanager
def in_front_of(backend: int, folder: Path, authority: Authority, listening: tuple[int, int]) -> Iterator[None]:
    """nginx before the node on port `backend`."""
    config = folder / "nginx.conf"
    config.write_text(site(folder, authority, backend, listening))
    nginx = subprocess.Popen([PROGRAM, "-p", str(folder), "-c", str(config)])
    try:
        assert comes_to_listen(nginx, listening[0]), (folder / "error.log").read_text()
        yield
    finally:
        nginx.terminate()
        nginx.wait(20)


@contextmanager
def node(application: Any) -> Iterator[int]:
    """Serve a WSGI application in clear on loopback; its port."""
    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
