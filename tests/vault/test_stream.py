"""Format 1 against Tink, at every border, and against whoever changes a stored object."""

from __future__ import annotations

import io
import json
from base64 import b64encode
from collections.abc import Callable, Iterator

import pytest
import tink
from hypothesis import given, settings
from hypothesis import strategies as st
from tink import secret_key_access, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

from vault.encryption import stream
from vault.encryption.stream import FIRST_BYTES, HEADER_BYTES, OTHER_BYTES, SEGMENT_BYTES, DamagedStream

streaming_aead.register()

KEY = bytes(range(32))
HEADER = stream.new_header(bytes(range(100, 139)))
DATA = b"citizen-account/paper/1 and more"
BORDERS = sorted(
    {0, 1, 15, 16, 17}
    | {n + d for n in (FIRST_BYTES, FIRST_BYTES + OTHER_BYTES, FIRST_BYTES + 2 * OTHER_BYTES) for d in (-1, 0, 1)}
    | {SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 2 * SEGMENT_BYTES, 300_000}
)


def plain(length: int) -> bytes:
    return (bytes(range(251)) * (length // 251 + 1))[:length]


def written(content: bytes, cut: int = 10_000) -> bytes:
    pieces = (content[at : at + cut] for at in range(0, len(content), cut))
    return b"".join(stream.encrypt(KEY, DATA, HEADER, pieces))


@pytest.fixture(scope="module")
def oracle() -> streaming_aead.StreamingAead:
    """Tink with the same key: 32-byte derived keys, 65,536-byte segments, SHA-256."""
    parameters = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingParams(
        ciphertext_segment_size=SEGMENT_BYTES, derived_key_size=32, hkdf_hash_type=common_pb2.SHA256
    )
    key = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(version=0, params=parameters, key_value=KEY)
    keyset = {
        "primaryKeyId": 1,
        "key": [
            {
                "keyData": {
                    "typeUrl": "type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey",
                    "value": b64encode(key.SerializeToString()).decode(),
                    "keyMaterialType": tink_pb2.KeyData.KeyMaterialType.Name(tink_pb2.KeyData.SYMMETRIC),
                },
                "status": "ENABLED",
                "keyId": 1,
                "outputPrefixType": "RAW",
            }
        ],
    }
    handle = tink.json_proto_keyset_format.parse(json.dumps(keyset), secret_key_access.TOKEN)
    return handle.primitive(streaming_aead.StreamingAead)


@pytest.mark.parametrize("length", BORDERS)
def test_tink_reads_what_we_write(oracle: streaming_aead.StreamingAead, length: int) -> None:
    source = io.BytesIO(written(plain(length)))
    assert oracle.new_decrypting_stream(source, DATA).read() == plain(length)


@pytest.mark.parametrize("length", BORDERS)
def test_we_read_what_tink_writes(oracle: streaming_aead.StreamingAead, length: int) -> None:
    class Kept(io.BytesIO):
        def close(self) -> None:
            self.kept = self.getvalue()
            super().close()

    target = Kept()
    with oracle.new_encrypting_stream(target, DATA) as writer:
        writer.write(plain(length))
    sealed = target.kept
    assert len(sealed) == stream.ciphertext_length(length)
    assert b"".join(stream.decrypt(KEY, DATA, [sealed])) == plain(length)
    assert opened(sealed, length) == plain(length)


def opened(sealed: bytes, length: int, first: int = 0, last: int | None = None, cut: int = 262_144) -> bytes:
    """Through the ranged reader, which knows header and length from the row."""
    wanted = stream.touched(length, first, length - 1 if last is None else last)
    part = sealed[wanted.first_byte : wanted.last_byte + 1]
    pieces = [part[at : at + cut] for at in range(0, len(part), cut)]
    header = sealed[:HEADER_BYTES]
    return b"".join(stream.decrypt_range(KEY, DATA, header, length=length, wanted=wanted, ciphertext=pieces))


@settings(max_examples=40, deadline=None)
@given(length=st.integers(0, 300_000), cut=st.integers(1, 100_000))
def test_what_is_written_is_read_whatever_the_pieces(length: int, cut: int) -> None:
    cut = max(cut, length // 200)
    sealed = written(plain(length), cut)
    assert len(sealed) == stream.ciphertext_length(length)
    pieces = [sealed[at : at + cut] for at in range(0, len(sealed), cut)]
    assert b"".join(stream.decrypt(KEY, DATA, pieces)) == plain(length)
    assert opened(sealed, length, cut=cut) == plain(length)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), length=st.sampled_from([n for n in BORDERS if n]))
def test_a_range_is_the_same_slice(data: st.DataObject, length: int) -> None:
    near = st.sampled_from([n for n in BORDERS if n < length]) | st.integers(0, length - 1)
    first, last = sorted((data.draw(near), data.draw(near)))
    assert opened(written(plain(length)), length, first, last) == plain(length)[first : last + 1]


def test_a_range_touches_no_other_segment() -> None:
    wanted = stream.touched(1_000_000, FIRST_BYTES, FIRST_BYTES + OTHER_BYTES - 1)
    assert (wanted.first_byte, wanted.last_byte) == (SEGMENT_BYTES, 2 * SEGMENT_BYTES - 1)


@pytest.mark.parametrize(("first", "last"), [(0, 100), (-1, 5), (5, 4), (100, 100)])
def test_a_range_outside_is_an_error(first: int, last: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        stream.touched(100, first, last)


LENGTH = FIRST_BYTES + 2 * OTHER_BYTES + 500
"""Four segments."""


def segments(sealed: bytes) -> list[bytes]:
    return [sealed[at : at + SEGMENT_BYTES] for at in range(0, len(sealed), SEGMENT_BYTES)]


def _flip(at: int) -> Callable[[bytes], bytes]:
    def change(sealed: bytes) -> bytes:
        where = at % len(sealed)
        return sealed[:where] + bytes([sealed[where] ^ 1]) + sealed[where + 1 :]

    return change


def _moved(order: list[int]) -> Callable[[bytes], bytes]:
    return lambda sealed: b"".join(segments(sealed)[number] for number in order)


CHANGES = [
    pytest.param(_flip(0), 0, id="header length flipped"),
    pytest.param(_flip(1), 0, id="salt flipped"),
    pytest.param(_flip(39), 0, id="nonce prefix flipped"),
    pytest.param(_flip(40), 0, id="first segment flipped"),
    pytest.param(_flip(SEGMENT_BYTES), 1, id="second segment flipped"),
    pytest.param(_flip(2 * SEGMENT_BYTES - 1), 1, id="second tag flipped"),
    pytest.param(_flip(-1), 3, id="last tag flipped"),
    pytest.param(_moved([0, 2, 1, 3]), 1, id="segments swapped"),
    pytest.param(_moved([0, 1, 1, 2, 3]), 2, id="segment doubled"),
    pytest.param(_moved([0, 2, 3]), 1, id="segment left out"),
    pytest.param(_moved([0, 1, 2]), 2, id="last segment left out"),
    pytest.param(_moved([0, 1, 2, 3, 3]), 3, id="last segment doubled"),
    pytest.param(lambda sealed: sealed[:-1], 3, id="one byte short"),
    pytest.param(lambda sealed: sealed + b"\0", 3, id="one byte more"),
    pytest.param(lambda sealed: sealed[:HEADER_BYTES], 0, id="header only"),
    pytest.param(lambda sealed: sealed[: HEADER_BYTES - 1], 0, id="not even a header"),
    pytest.param(lambda _: b"", 0, id="nothing"),
]


def _taken(pieces: Iterator[bytes]) -> bytes:
    """What came before it was refused."""
    taken: list[bytes] = []
    with pytest.raises(DamagedStream):
        taken.extend(pieces)  # what was given before the error stays in the list
    return b"".join(taken)


def _good(count: int) -> bytes:
    return plain(LENGTH)[: 0 if count == 0 else FIRST_BYTES + (count - 1) * OTHER_BYTES]


@pytest.mark.parametrize(("change", "good"), CHANGES)
def test_a_changed_stream_is_refused_at_the_changed_segment(change: Callable[[bytes], bytes], good: int) -> None:
    sealed = change(written(plain(LENGTH)))
    assert _taken(stream.decrypt(KEY, DATA, [sealed])) == _good(good)


@pytest.mark.parametrize(("change", "good"), CHANGES)
def test_a_changed_object_is_refused_when_header_and_length_are_known(
    change: Callable[[bytes], bytes], good: int
) -> None:
    sealed = change(written(plain(LENGTH)))
    wanted = stream.touched(LENGTH, 0, LENGTH - 1)

    def taken(size: int) -> bytes:
        cut = [sealed[at : at + size] for at in range(0, len(sealed), size)]
        return _taken(stream.decrypt_range(KEY, DATA, HEADER, length=LENGTH, wanted=wanted, ciphertext=cut))

    # Which segment is the last is known beforehand: what is missing or follows shows after the last good one.
    assert taken(SEGMENT_BYTES) in [*(_good(count) for count in range(good, 4)), plain(LENGTH)]
    # Of larger pieces, whole good segments from the beginning and nothing else.
    for size in (2 * SEGMENT_BYTES, 5 * SEGMENT_BYTES):
        assert taken(size) in [*(_good(count) for count in range(4)), plain(LENGTH)]


@pytest.mark.parametrize(
    ("key", "data"), [(bytes(32), DATA), (KEY, b"other"), (KEY, b"")], ids=["key", "associated data", "no data"]
)
def test_another_key_or_name_opens_nothing(key: bytes, data: bytes) -> None:
    assert _taken(stream.decrypt(key, data, [written(plain(LENGTH))])) == b""


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, stream.ciphertext_length(LENGTH) - 1), bit=st.integers(0, 7))
def test_every_flipped_bit_is_refused_and_its_segment_yields_nothing(at: int, bit: int) -> None:
    sealed = bytearray(written(plain(LENGTH)))
    sealed[at] ^= 1 << bit
    assert _taken(stream.decrypt(KEY, DATA, [bytes(sealed)])) == _good(at // SEGMENT_BYTES)
