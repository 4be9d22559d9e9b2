"""An opened owner key: it wraps data keys and seals columns, each under a key of its own derived from it; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from config.identifiers import Randomness

OWNER_KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
_WRAP: Final = b"citizen-account/owner-key/wrap/1"
_SEAL: Final = b"citizen-account/owner-key/seal/1"


class DoesNotOpen(Exception):
    """A wrapped data key or sealed column is not this owner's, not this row's, or was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What names one encrypted object: bound into its stream and into the wrap of its data key."""

    document: str
    version: str
    rendition: str

    @property
    def associated_data(self) -> bytes:
        """Of the stream."""
        return b"citizen-account/paper/1" + fields(self.document, self.version, self.rendition)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What is known once the last segment was written: the wrapped data key authenticates all of it."""

    format: int
    header: bytes
    length: int
    """Of the plaintext."""
    ciphertext_sha256: bytes


def fields(*values: str | bytes) -> bytes:
    """Values one after the other, each after its length (4 bytes, big-endian)."""
    parts = [value.encode() if isinstance(value, str) else value for value in values]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _wrap_data(owner: str, paper: Paper, written: Written) -> bytes:
    facts = (str(written.format), owner, paper.document, paper.version, paper.rendition, str(written.length))
    return b"citizen-account/data-key/1" + fields(*facts, written.ciphertext_sha256, written.header)


def _column_data(owner: str, column: str, row: str) -> bytes:
    return b"citizen-account/column/1" + fields(owner, column, row)


class OpenOwnerKey:
    """An owner's key, opened. Never write it down, never keep it longer than `OwnerKeys` does."""

    __slots__ = ("_randomness", "_seal", "_wrap", "id", "owner")

    def __init__(self, id: str, owner: str, key: bytes, randomness: Randomness) -> None:  # noqa: A002 -- the row's word
        """id: of its row. key: 32 bytes."""
        self.id = id
        self.owner = owner
        self._randomness = randomness
        self._wrap = AESGCM(_derived(key, _WRAP))
        self._seal = AESGCM(_derived(key, _SEAL))

    def wrap(self, data_key: bytes, paper: Paper, written: Written) -> bytes:
        """A data key under this owner key, bound to what it opens: nonce (12 bytes), ciphertext, tag."""
        nonce = self._randomness.bytes(NONCE_BYTES)
        return nonce + self._wrap.encrypt(nonce, data_key, _wrap_data(self.owner, paper, written))

    def unwrap(self, wrapped: bytes, paper: Paper, written: Written) -> bytes:
        """The data key; that it opens proves format, owner, names, length, hash and header. Raises `DoesNotOpen`."""
        return _opened(self._wrap, wrapped, _wrap_data(self.owner, paper, written))

    def seal(self, column: str, row: str, text: str) -> bytes:
        """A column's text under this owner key, bound to its column and row."""
        nonce = self._randomness.bytes(NONCE_BYTES)
        return nonce + self._seal.encrypt(nonce, text.encode(), _column_data(self.owner, column, row))

    def unseal(self, column: str, row: str, sealed: bytes) -> str:
        """The column's text. Raises `DoesNotOpen`."""
        return _opened(self._seal, sealed, _column_data(self.owner, column, row)).decode()


def _derived(key: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key)


def _opened(aead: AESGCM, sealed: bytes, associated_data: bytes) -> bytes:
    try:
        return aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], associated_data)
    except (InvalidTag, ValueError) as error:
        raise DoesNotOpen from error
