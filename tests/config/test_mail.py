"""Mail: handed to a real server over TCP, with and without TLS and a password; nothing is injected, nobody waits."""

from __future__ import annotations

import email
import email.policy
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from smtplib import SMTPException

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from config.database import Database
from config.errors import ConfigurationError, TransactionError
from config.identifiers import SystemRandomness
from config.mail import LocalMailbox, Message, SmtpMailer
from tests.clocks import FixedClock

MESSAGE = Message(to="new.person@people.example", subject="Été à la mairie", text="Bonjour,\nune ligne\n.\nfin")


@dataclass
class MailServer:
    """As much of RFC 5321 as a client needs; one connection after the other."""

    refuses: str = ""
    """A verb that it answers with 451."""
    certificate: Path | None = None
    """With its key: then it speaks TLS from the first byte."""
    said: list[str] = field(default_factory=list)
    received: list[EmailMessage] = field(default_factory=list)
    port: int = 0

    def serve(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except ssl.SSLError:
                continue  # a client that did not believe us
            except OSError:
                return  # closed: the test is over
            with suppress(ConnectionError), connection, connection.makefile("rwb", buffering=0) as lines:
                lines.write(b"220 mail.example\r\n")
                while line := lines.readline().decode(errors="replace").strip():
                    self.said.append(line)
                    lines.write(self._answer(line.partition(" ")[0].upper(), lines))
                    if line.upper() == "QUIT":
                        break

    def _answer(self, verb: str, lines: socket.SocketIO) -> bytes:
        if verb == self.refuses:
            return b"451 not now\r\n"
        if verb == "EHLO":
            return b"250-mail.example\r\n250 AUTH PLAIN\r\n"
        if verb == "AUTH":
            return b"235 welcome\r\n"
        if verb == "DATA":
            lines.write(b"354 go on\r\n")
            body = b""
            while not body.endswith(b"\r\n.\r\n"):
                body += lines.readline()
            text = body.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
            self.received.append(email.message_from_bytes(text, policy=email.policy.default))
        return b"221 bye\r\n" if verb == "QUIT" else b"250 ok\r\n"


@contextmanager
def serving(port: int = 0, **how: str | Path) -> Iterator[MailServer]:
    server = MailServer(**how)  # type: ignore[arg-type]
    with socket.create_server(("127.0.0.1", port)) as listening:
        server.port = listening.getsockname()[1]
        if server.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(server.certificate)
            listening = context.wrap_socket(listening, server_side=True)  # noqa: PLW2901 -- the same, under TLS
        thread = threading.Thread(target=server.serve, args=(listening,), daemon=True)
        thread.start()
        yield server
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(10)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with serving() as made:
        yield made


def mailer(url: str, **more: str) -> SmtpMailer:
    return SmtpMailer(url, "account@city.example", FixedClock(), SystemRandomness(), **more)


def test_a_message_arrives_whole(server: MailServer) -> None:
    mailer(f"smtp://127.0.0.1:{server.port}").send(MESSAGE)
    [mail] = server.received
    assert (mail["From"], mail["To"], mail["Subject"]) == ("account@city.example", MESSAGE.to, MESSAGE.subject)
    assert mail["Auto-Submitted"] == "auto-generated"  # RFC 3834: no holiday notices in return
    assert mail["Date"].datetime == FixedClock().now()
    assert mail["Message-ID"].endswith("@city.example>")
    assert mail.get_content().splitlines() == MESSAGE.text.splitlines()
    assert f"rcpt to:<{MESSAGE.to}>" in [line.lower() for line in server.said]


def test_the_user_of_the_address_signs_in(server: MailServer) -> None:
    mailer(f"smtp://city:p%40ss@127.0.0.1:{server.port}").send(MESSAGE)
    assert "AUTH PLAIN AGNpdHkAcEBzcw==" in server.said
    assert len(server.received) == 1


def test_a_server_that_offers_no_tls_gets_nothing_where_tls_is_set(server: MailServer) -> None:
    for scheme in ("smtp+starttls", "smtps"):
        with pytest.raises((SMTPException, OSError)):
            mailer(f"{scheme}://city:p@127.0.0.1:{server.port}").send(MESSAGE)
    assert server.received == []
    assert not [line for line in server.said if line.startswith("AUTH")]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of the mail server and its key in one file, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(FixedClock().now() - timedelta(days=365 * 10))
        .not_valid_after(FixedClock().now() + timedelta(days=365 * 10))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path / "mail.pem"
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return path


def test_under_tls_the_server_proves_its_name(certificate: Path) -> None:
    with serving(certificate=certificate) as server:
        for url, believed in (
            (f"smtps://localhost:{server.port}", ""),  # by nobody that the system believes
            (f"smtps://127.0.0.1:{server.port}", str(certificate)),  # under another name
        ):
            with pytest.raises(ssl.SSLCertVerificationError):
                mailer(url, ca_file=believed).send(MESSAGE)
        assert server.received == []
        mailer(f"smtps://localhost:{server.port}", ca_file=str(certificate)).send(MESSAGE)
        assert len(server.received) == 1


def test_a_file_that_holds_no_certificate_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()
    for path in (tmp_path / "missing.pem", tmp_path / "empty.pem"):
        with pytest.raises(ConfigurationError, match=r"mail\.ca_file names"):
            mailer("smtps://localhost", ca_file=str(path))


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_refuses_is_an_error_that_the_job_tries_again(verb: str) -> None:
    with serving(refuses=verb) as server, pytest.raises(OSError, match=r"451|not now|refused"):
        mailer(f"smtp://127.0.0.1:{server.port}").send(MESSAGE)
    assert server.received == []


@pytest.mark.parametrize("url", ["mail.example", "http://mail.example", "smtp://", "smtp:mail.example"])
def test_an_address_that_is_none_stops_the_start(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"mail\.smtp_url must read"):
        mailer(url)


@pytest.mark.parametrize(
    "change",
    [
        {"to": "a@b.example\r\nBcc: c@d.example"},
        {"to": "a@b.example\nBcc: c@d.example"},
        {"subject": "Hello\r\nBcc: c@d.example"},
        {"subject": "Hello\r\n\r\nanother body"},
    ],
)
def test_a_line_break_in_a_header_is_refused(
    server: MailServer, tmp_path: Path, clock: FixedClock, change: dict[str, str]
) -> None:
    message = Message(**{"to": MESSAGE.to, "subject": "s", "text": "t", **change})
    mailbox = LocalMailbox(tmp_path / "mail", clock, SystemRandomness())
    for one in (mailer(f"smtp://127.0.0.1:{server.port}"), mailbox):
        with pytest.raises(ValueError, match=r"newline|linefeed|carriage"):
            one.send(message)
    assert server.said == []
    assert mailbox.messages() == []


def test_the_local_mailbox_keeps_what_would_have_been_sent(tmp_path: Path, clock: FixedClock) -> None:
    mailbox = LocalMailbox(tmp_path / "mail", clock, SystemRandomness())
    mailbox.send(MESSAGE)
    clock.advance(timedelta(seconds=1))
    mailbox.send(Message(to="a@b.example", subject="Second", text="t"))
    assert [message.subject for message in mailbox.messages()] == ["Second", MESSAGE.subject]
    [oldest, _] = sorted((tmp_path / "mail").glob("*.json"))
    assert json.loads(oldest.read_text())["text"] == MESSAGE.text
    assert oldest.stat().st_mode & 0o077 == 0


def test_no_mail_is_sent_inside_a_transaction(server: MailServer, sqlite: Database) -> None:
    with sqlite.transaction(), pytest.raises(TransactionError):
        mailer(f"smtp://127.0.0.1:{server.port}").send(MESSAGE)
    assert server.said == []
