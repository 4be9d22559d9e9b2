"""Checkpoints: origin, size and root in a signed note (C2SP tlog-checkpoint, signed-note)."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.errors import VerificationError
from audit.tlog.merkle import HASH_BYTES

ED25519 = 1
"""The signature algorithm byte of signed-note."""
MOST_SIGNATURES = 64
"""Of one note (signed-note: at least 16 must be accepted)."""
_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+=*)")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log commits to at one size."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The signed text: three lines (we write no extension)."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class Verifier:
    """A log's name and public key, as auditors hold it."""

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that name this key in a signature line."""
        return hashlib.sha256(f"{self.name}\n".encode() + bytes([ED25519]) + self.public_key).digest()[:4]

    def vkey(self) -> str:
        """`name+hash+key`, to be published."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([ED25519]) + self.public_key).decode()}"

    @classmethod
    def parse(cls, vkey: str) -> Verifier:
        """The reverse of `vkey`. Raises `VerificationError`."""
        try:
            name, key_id, encoded = vkey.strip().split("+", 2)
            key = base64.b64decode(encoded, validate=True)
        except ValueError as error:
            message = "this is no verifier key (name+hash+key)"
            raise VerificationError(message) from error
        made = cls(name, key[1:])
        if (
            not re.fullmatch(r"[^\s+]+", name)
            or key[:1] != bytes([ED25519])
            or len(key) != 1 + HASH_BYTES
            or made.key_id.hex() != key_id
        ):
            message = "the verifier key does not fit its own hash"
            raise VerificationError(message)
        return made


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey, name: str) -> str:
    """The signed note of a checkpoint. name: the key's name, our origin."""
    return sign_text(checkpoint.text(), key, name)


def sign_text(text: str, key: Ed25519PrivateKey, name: str) -> str:
    """The signed note of a text that ends with a newline. name: the key's name."""
    signer = Verifier(name, key.public_key().public_bytes_raw())
    signature = base64.b64encode(signer.key_id + key.sign(text.encode())).decode()
    return f"{text}\n— {name} {signature}\n"


def verify(note: str, verifier: Verifier) -> Checkpoint:
    """The checkpoint of a note that `verifier`'s key signed (signed-note: signatures of other keys are ignored).

    The origin must be the verifier's name: a key that signs for two logs proves nothing about either.
    Raises `VerificationError`.
    """
    checkpoint = _parse(verify_text(note, verifier))
    if checkpoint.origin != verifier.name:
        message = f"the checkpoint is of the log {checkpoint.origin}, not of {verifier.name}"
        raise VerificationError(message)
    return checkpoint


def verify_text(note: str, verifier: Verifier) -> str:
    """The text of a note that `verifier`'s key signed, whatever it says. Raises `VerificationError`."""
    text, signatures = _signed(note)
    ours = [s[4:] for name, s in signatures if name == verifier.name and s[:4] == verifier.key_id]
    if not ours:
        message = "the checkpoint is not signed by this log's key"
        raise VerificationError(message)
    for signature in ours:
        try:
            Ed25519PublicKey.from_public_bytes(verifier.public_key).verify(signature, text)
        except (InvalidSignature, ValueError) as error:
            message = "the checkpoint's signature is not the log's"
            raise VerificationError(message) from error
    return text.decode()


def _signed(note: str) -> tuple[bytes, list[tuple[str, bytes]]]:
    """The signed text and (key name, key id and signature) of each line below it."""
    text, separator, lines = note.rpartition("\n\n")
    if not separator or not lines.endswith("\n") or _CONTROL.search(note):
        message = "the checkpoint is not a signed note"
        raise VerificationError(message)
    signatures = [_signature(line) for line in lines.removesuffix("\n").split("\n", MOST_SIGNATURES - 1)]
    try:
        return f"{text}\n".encode(), signatures
    except UnicodeEncodeError as error:
        message = "the checkpoint is not a signed note"
        raise VerificationError(message) from error


def _signature(line: str) -> tuple[str, bytes]:
    match = _SIGNATURE.fullmatch(line)
    if match is None:
        message = "the checkpoint has a malformed signature line"
        raise VerificationError(message)
    try:
        signature = base64.b64decode(match[2], validate=True)
    except ValueError as error:
        message = "the checkpoint has a malformed signature"
        raise VerificationError(message) from error
    if base64.b64encode(signature).decode() != match[2]:
        message = "the checkpoint has a signature that is not in its one form"
        raise VerificationError(message)
    return match[1], signature


def _parse(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) < 4 or not all(lines[:-1]) or not _SIZE.fullmatch(lines[1]):  # noqa: PLR2004 -- three lines, end
        message = "the checkpoint is malformed"
        raise VerificationError(message)
    try:
        root = base64.b64decode(lines[2], validate=True)
    except ValueError as error:
        message = "the checkpoint's root is not base64"
        raise VerificationError(message) from error
    if len(root) != HASH_BYTES or base64.b64encode(root).decode() != lines[2]:
        message = "the checkpoint's root has a wrong length or form"
        raise VerificationError(message)
    return Checkpoint(lines[0], int(lines[1]), root)
