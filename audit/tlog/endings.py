"""Endings: what entries ended (a paper, an account, a lending), kept beside the log for the day of a restore.

A leaf says nothing of what its entry ended, and the readable parts lie in the database that a restore puts back. So
every full or partial bundle has a third object: for each entry of it that ended something, its opened fields, sealed
(HPKE, RFC 9180) to a key that only a restore opens. It is a note signed by the log's key, also when it lists nothing:
who writes the store can neither add an ending nor take one away unnoticed.

The text: `<origin>/endings`, `<bundle> <width>`, then `<place in the bundle> <base64>` in ascending order.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from audit.errors import VerificationError
from audit.tlog import tiles
from audit.tlog.checkpoint import Verifier, sign_text, verify_text
from audit.tlog.leaf import Leaf
from audit.tlog.readable import open_fields

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_INFO = b"citizen-account/ledger-ending/1/"


def path(index: int, width: int = tiles.WIDTH) -> str:
    """Where the endings of a bundle are kept."""
    return "endings/" + tiles.bundle_path(index, width).removeprefix("tile/entries/")


def seal(public_key: bytes, leaf: bytes, fields: Mapping[str, list[str]]) -> bytes:
    """Seal an entry's fields ({name: [value, key]}, all of them) to the key of endings, bound to its leaf."""
    return _SUITE.encrypt(json.dumps(fields).encode(), X25519PublicKey.from_public_bytes(public_key), _INFO + leaf)


def unseal(key: X25519PrivateKey, leaf: bytes, sealed: bytes) -> dict[str, str]:
    """The entry's values, each held against its leaf. Raises `VerificationError`."""
    try:
        fields = dict(json.loads(_SUITE.decrypt(sealed, key, _INFO + leaf)))
    except (InvalidTag, ValueError, TypeError) as error:
        message = "an ending does not open"
        raise VerificationError(message) from error
    return open_fields(Leaf.parse(leaf), fields)


def encode(endings: Mapping[int, bytes], index: int, width: int, key: Ed25519PrivateKey, origin: str) -> bytes:
    """The signed list of a bundle. endings: place in the bundle -> sealed."""
    lines = [f"{place} {base64.b64encode(sealed).decode()}\n" for place, sealed in sorted(endings.items())]
    return sign_text(f"{origin}/endings\n{index} {width}\n{''.join(lines)}", key, origin).encode()


def decode(data: bytes, index: int, width: int, verifier: Verifier) -> dict[int, bytes]:
    """The reverse, for exactly that bundle. Raises `VerificationError`."""
    try:
        heading, of, *lines = verify_text(data.decode(), verifier).removesuffix("\n").split("\n")
        pairs = [line.split(" ") for line in lines]
        found = {int(place): base64.b64decode(sealed, validate=True) for place, sealed in pairs}
    except ValueError as error:
        message = "a list of endings is malformed"
        raise VerificationError(message) from error
    if (heading, of) != (f"{verifier.name}/endings", f"{index} {width}"):
        message = f"the list of endings is not that of bundle {index} with {width} entries"
        raise VerificationError(message)
    return found
