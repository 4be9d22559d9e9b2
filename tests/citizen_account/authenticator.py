"""A device that holds passkeys, in software: the other side of WebAuthn, able to err in one thing at a time."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import encode_cbor

ORIGIN = "http://localhost:8000"
PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40
"""Flags of authenticator data (WebAuthn §6.1)."""


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True, kw_only=True)
class How:
    """How the device answers; the defaults are right."""

    origin: str = ORIGIN
    rp_id: str = "localhost"
    flags: int = PRESENT | VERIFIED
    type: str = ""
    challenge: bytes | None = None
    user_handle: bytes | None = None
    count: int | None = None
    signed_by: ec.EllipticCurvePrivateKey | None = field(default=None, repr=False)


RIGHT = How()


@dataclass
class Device:
    """Holds one passkey. counts: whether it has a signature counter."""

    counts: bool = True
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential: bytes = b"a passkey of the tests"
    user: bytes = b""
    count: int = 0

    def create(self, options: str, how: How = RIGHT) -> str:
        """What `navigator.credentials.create` answers, as JSON."""
        asked = json.loads(options)
        self.user = unb64(asked["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        public = encode_cbor({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        held = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + public
        data = self._data(replace(how, flags=how.flags | ATTESTED)) + held
        client = _client("webauthn.create", asked["challenge"], how)
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer({"clientDataJSON": b64(client), "attestationObject": b64(attestation)})

    def get(self, options: str, how: How = RIGHT) -> str:
        """What `navigator.credentials.get` answers, as JSON."""
        if self.counts:
            self.count += 1
        data = self._data(how)
        client = _client("webauthn.get", json.loads(options)["challenge"], how)
        key = how.signed_by or self.key
        signature = key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        user = self.user if how.user_handle is None else how.user_handle
        return self._answer(
            {
                "clientDataJSON": b64(client),
                "authenticatorData": b64(data),
                "signature": b64(signature),
                "userHandle": b64(user),
            }
        )

    def _data(self, how: How) -> bytes:
        count = self.count if how.count is None else how.count
        return hashlib.sha256(how.rp_id.encode()).digest() + bytes([how.flags]) + count.to_bytes(4, "big")

    def _answer(self, response: dict[str, Any]) -> str:
        name = b64(self.credential)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def _client(kind: str, challenge: str, how: How) -> bytes:
    asked = challenge if how.challenge is None else b64(how.challenge)
    return json.dumps({"type": how.type or kind, "challenge": asked, "origin": how.origin}).encode()
