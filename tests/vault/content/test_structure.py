"""A file followed to its last byte, in pieces of any size."""

from __future__ import annotations

import io
import struct
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vault.content import samples
from vault.content.media_types import MediaType
from vault.content.structure import whole
from vault.errors import BrokenPaper, TypeMismatch

VALID = {media_type: samples.valid(media_type) for media_type in MediaType}
SAMSUNG = b"\0\0\x01\x0a\x0e\0\0\0Image_UTC_Data1700000000000SEFH" + bytes(20) + b"SEFT"
FILM = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(400)


def _followed(data: bytes, media_type: MediaType, size: int = 1000) -> bytes:
    return b"".join(whole(samples.pieces(data, size), media_type))


@pytest.mark.parametrize("media_type", list(MediaType))
@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 1000, 1 << 20])
def test_a_whole_file_passes_unchanged_in_any_pieces(media_type: MediaType, size: int) -> None:
    assert _followed(VALID[media_type], media_type, size) == VALID[media_type]


@pytest.mark.parametrize("media_type", list(MediaType))
@given(part=st.floats(min_value=0.001, max_value=0.98))
def test_a_file_cut_anywhere_is_broken(media_type: MediaType, part: float) -> None:
    data = VALID[media_type]
    with pytest.raises(BrokenPaper):
        _followed(data[: max(1, int(len(data) * part))], media_type)


@pytest.mark.parametrize("media_type", list(MediaType))
def test_an_archive_behind_a_file_is_refused(media_type: MediaType) -> None:
    with pytest.raises((TypeMismatch, BrokenPaper)):
        _followed(VALID[media_type] + samples.archive(), media_type)


@pytest.mark.parametrize("media_type", list(MediaType))
def test_an_archive_with_a_long_comment_is_refused(media_type: MediaType) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        opened.writestr("a", "b")
        opened.comment = b"x" * 65_000
    with pytest.raises((TypeMismatch, BrokenPaper)):
        _followed(VALID[media_type] + made.getvalue(), media_type)


@pytest.mark.parametrize(
    ("behind", "media_type"),
    [
        pytest.param(b"\0" * 3000, MediaType.JPEG, id="padding behind a JPEG"),
        pytest.param(VALID[MediaType.JPEG], MediaType.JPEG, id="a second picture (MPF, gain map)"),
        pytest.param(FILM, MediaType.JPEG, id="a motion photo's film"),
        pytest.param(SAMSUNG, MediaType.JPEG, id="Samsung's records"),
        pytest.param(b"\r\n", MediaType.PNG, id="a line end behind a PNG"),
        pytest.param(b"\r\n\0\0", MediaType.PDF, id="padding behind a PDF"),
        pytest.param(struct.pack(">I4s", 8, b"free"), MediaType.HEIC, id="a free box"),
        pytest.param(struct.pack(">I4sQ", 1, b"mdat", 20) + bytes(4), MediaType.HEIC, id="a large box"),
        pytest.param(struct.pack(">I4s", 0, b"mdat") + bytes(99), MediaType.HEIC, id="a box to the end"),
    ],
)
def test_what_cameras_put_behind_a_file_is_taken(behind: bytes, media_type: MediaType) -> None:
    data = VALID[media_type] + behind
    assert _followed(data, media_type) == data
    assert _followed(data, media_type, 1) == data


@pytest.mark.parametrize(
    ("data", "media_type", "refusal"),
    [
        pytest.param(VALID[MediaType.JPEG] + b"<html>", MediaType.JPEG, TypeMismatch, id="HTML behind a JPEG"),
        pytest.param(VALID[MediaType.JPEG] + b"Rar!\x1a\x07\0", MediaType.JPEG, TypeMismatch, id="RAR behind a JPEG"),
        pytest.param(VALID[MediaType.PNG] + b"left over", MediaType.PNG, TypeMismatch, id="bytes behind a PNG"),
        pytest.param(VALID[MediaType.PDF] + b"x" * 2000, MediaType.PDF, BrokenPaper, id="2 KB behind a PDF"),
        pytest.param(VALID[MediaType.HEIC] + b"\0\0\0\x04free", MediaType.HEIC, BrokenPaper, id="a box too small"),
        pytest.param(VALID[MediaType.HEIC][:28], MediaType.HEIC, BrokenPaper, id="HEIC without meta"),
        pytest.param(b"\xff\xd8\xff\xe0\0\x01", MediaType.JPEG, BrokenPaper, id="a length that denies itself"),
        pytest.param(b"\xff\xd8\xff\xe0\0\x04ab\xff\xd0", MediaType.JPEG, BrokenPaper, id="a restart outside a scan"),
        pytest.param(b"\xff\xd8\xff\xe0\0\x04abcd", MediaType.JPEG, BrokenPaper, id="no marker after a segment"),
        pytest.param(b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR", MediaType.PNG, BrokenPaper, id="a chunk of 4 GB"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0\0\x01\0\0\0\0", MediaType.PNG, BrokenPaper, id="a chunk without a name"),
    ],
)
def test_what_no_camera_writes_is_refused(data: bytes, media_type: MediaType, refusal: type[Exception]) -> None:
    for size in (1, 1000):
        with pytest.raises(refusal):
            _followed(data, media_type, size)


@given(data=st.binary(max_size=300), media_type=st.sampled_from(MediaType))
def test_noise_ends_in_a_refusal_or_passes_unchanged(data: bytes, media_type: MediaType) -> None:
    with suppress(BrokenPaper, TypeMismatch):
        assert _followed(data, media_type, 5) == data
