"""Mail: by SMTP, or into the local mailbox that `run` shows on a page of this machine."""

from __future__ import annotations

import json
import os
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from config.clock import Clock
from config.database import assert_outside
from config.errors import ConfigurationError
from config.identifiers import Randomness, new_id

TIMEOUT_SECONDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A text mail to one person."""

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMessage(Message):
    """A mail in the local mailbox. `sent_at` is seconds since 1970."""

    id: str
    sent_at: int


class Mailer(Protocol):
    """Sends mail; may be slow, so only jobs call it."""

    def send(self, message: Message) -> None:
        """Hand the message over. Raises `OSError` (smtplib's errors are) when that fails; the job tries again."""


class SmtpMailer:
    """Hands messages to a mail server."""

    def __init__(self, url: str, sender: str, clock: Clock, randomness: Randomness, *, ca_file: str = "") -> None:
        """url: `smtp://`, `smtps://` or `smtp+starttls://` with user and password where needed.

        ca_file: whom to believe about the server's name, PEM; empty for those that the system believes.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"smtp", "smtps", "smtp+starttls"} or not parts.hostname:
            message = "mail.smtp_url must read smtp://host, smtps://host or smtp+starttls://host"
            raise ConfigurationError(message)
        try:
            self._tls = ssl.create_default_context(cafile=ca_file or None)
        except OSError as error:
            message = f"mail.ca_file names {ca_file}, which is no file of certificates in PEM."
            raise ConfigurationError(message) from error
        self._parts = parts
        self._sender = sender
        self._clock = clock
        self._randomness = randomness

    def send(self, message: Message) -> None:
        """See `Mailer.send`. The email package refuses line breaks in headers, so nothing is injected."""
        assert_outside("mail")
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["To"], mail["Subject"] = self._sender, message.to, message.subject
        mail["Date"] = format_datetime(self._clock.now())
        mail["Message-ID"] = f"<{new_id(self._randomness)}@{self._sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        with self._connected() as server:
            if self._parts.scheme == "smtp+starttls":
                server.starttls(context=self._tls)
            if self._parts.username:
                server.login(unquote(self._parts.username), unquote(self._parts.password or ""))
            server.send_message(mail)

    def _connected(self) -> smtplib.SMTP:
        host, port = self._parts.hostname or "", self._parts.port or 0
        if self._parts.scheme == "smtps":
            return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=self._tls)
        return smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)


class LocalMailbox:
    """Keeps messages as files of a folder, so that the worker writes what the web server shows."""

    def __init__(self, folder: Path, clock: Clock, randomness: Randomness) -> None:
        """folder: made when it isn't there."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._clock = clock
        self._randomness = randomness

    def send(self, message: Message) -> None:
        """Keep it. See `Mailer.send`."""
        assert_outside("mail")
        mail = EmailMessage(policy=SMTP)
        mail["To"], mail["Subject"] = message.to, message.subject  # refused here as SMTP would
        kept = KeptMessage(
            to=message.to,
            subject=message.subject,
            text=message.text,
            id=new_id(self._randomness),
            sent_at=int(self._clock.now().timestamp()),
        )
        path = self._folder / f"{kept.sent_at:012d}-{kept.id}.json"
        made = path.with_suffix(".new")
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(asdict(kept), file)
        made.replace(path)

    def messages(self, limit: int = 100) -> Sequence[KeptMessage]:
        """The newest messages first."""
        paths = sorted(self._folder.glob("*.json"), reverse=True)[:limit]
        return [KeptMessage(**json.loads(path.read_text())) for path in paths]


class NoMailer:
    """For an installation without mail: nothing is sent, and the pages don't promise it."""

    def send(self, message: Message) -> None:
        """Drop it."""
