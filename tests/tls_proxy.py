"""A proxy that ends TLS in front of a node and passes clients' certificates on, as nginx does in config/deploy."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

from werkzeug.serving import make_server

from tests.certificates import Issued

CERTIFICATE, VERIFY = "X-Client-Cert", "X-Client-Verify"
"""Its headers; what clients send under these names ends here."""
_OURS = {CERTIFICATE.lower(), VERIFY.lower()}


class Proxy(ThreadingHTTPServer):
    """Listens on loopback. `backend`: the port of the node, once there is one."""

    daemon_threads = True
    backend = 0

    def __init__(self, issued: Issued, authority: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.port = self.server_address[1]
        self._context = issued.server_context()
        self._context.load_verify_locations(authority)
        # nginx's `ssl_verify_client optional`: no certificate is fine, a bad one ends the handshake.
        self._context.verify_mode = ssl.CERT_OPTIONAL

    def get_request(self) -> tuple[ssl.SSLSocket, Any]:
        accepted, address = super().get_request()
        return self._context.wrap_socket(accepted, server_side=True), address

    def handle_error(self, *_: object) -> None:
        """A client that went away."""


class _Handler(BaseHTTPRequestHandler):
    server: Proxy
    connection: ssl.SSLSocket

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        sent = {name: value for name, value in self.headers.items() if name.lower() not in _OURS}
        shown = self.connection.getpeercert(binary_form=True)
        if shown:
            sent |= {CERTIFICATE: quote(ssl.DER_cert_to_PEM_cert(shown), safe=""), VERIFY: "SUCCESS"}
        node = HTTPConnection("127.0.0.1", self.server.backend, timeout=20)
        node.request(self.command, self.path, body or None, sent)
        answer = node.getresponse()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.read())
        node.close()

    do_GET = do_POST = _pass_on  # noqa: N815 -- http.server's names

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


@contextmanager
def proxying(issued: Issued, authority: Path) -> Iterator[Proxy]:
    """Run a proxy that shows `issued` and trusts `authority`."""
    proxy = Proxy(issued, authority)
    with _running(proxy):
        yield proxy


@contextmanager
def node(application: Any) -> Iterator[int]:
    """Serve a WSGI application in clear on loopback; its port."""
    server = make_server("127.0.0.1", 0, application, threaded=True)
    with _running(server):
        yield server.server_port


@contextmanager
def _running(server: Any) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
