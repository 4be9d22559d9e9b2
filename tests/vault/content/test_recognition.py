"""The two sniffers, the name and the declared type."""

from __future__ import annotations

import pytest

from tests.vault.content import samples
from vault.content.media_types import MediaType
from vault.content.recognition import HEAD_BYTES, recognise
from vault.errors import BrokenPaper, EmptyUpload, TypeMismatch, UnknownMediaType

JPEG = samples.picture(MediaType.JPEG)
PNG = samples.picture(MediaType.PNG)
HEIC = samples.picture(MediaType.HEIC)
PDF = samples.pdf()


@pytest.mark.parametrize("media_type", list(MediaType))
def test_a_paper_is_what_it_says(media_type: MediaType) -> None:
    head = samples.valid(media_type)[:HEAD_BYTES]
    assert recognise(head, samples.NAMES[media_type], media_type) is media_type


@pytest.mark.parametrize(
    ("head", "name", "declared", "found"),
    [
        pytest.param(JPEG, "photo.JPEG", "image/pjpeg", MediaType.JPEG, id="old browsers"),
        pytest.param(JPEG, "1000012345", "", MediaType.JPEG, id="Android gives no end"),
        pytest.param(HEIC, "IMG_1.heic", "application/octet-stream", MediaType.HEIC, id="browsers do not know HEIC"),
        pytest.param(HEIC, "IMG_1.HEIF", "image/heif", MediaType.HEIC, id="heif"),
        pytest.param(
            b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + HEIC[28:], "a.heic", "image/heic", MediaType.HEIC, id="mif1"
        ),
        pytest.param(PDF, "facture.PDF", "application/pdf; charset=binary", MediaType.PDF, id="a parameter"),
        pytest.param(PNG, "Capture d'écran.png", "image/x-png", MediaType.PNG, id="accents"),
    ],
)
def test_what_cameras_and_browsers_send_is_taken(head: bytes, name: str, declared: str, found: MediaType) -> None:
    assert recognise(head[:HEAD_BYTES], name, declared) is found


@pytest.mark.parametrize(
    ("head", "name", "declared", "refusal"),
    [
        pytest.param(b"", "a.pdf", "application/pdf", EmptyUpload, id="empty"),
        pytest.param(PDF, "a.jpg", "application/pdf", TypeMismatch, id="name of another type"),
        pytest.param(PDF, "a.pdf.exe", "application/pdf", TypeMismatch, id="two ends"),
        pytest.param(PDF, "a.pdf", "image/png", TypeMismatch, id="declared another type"),
        pytest.param(JPEG, "a.jpg", "text/html", TypeMismatch, id="declared HTML"),
        pytest.param(b"<html>" + b" " * 894 + PDF, "a.pdf", "application/pdf", UnknownMediaType, id="HTML before"),
        pytest.param(b"\n" + PDF, "a.pdf", "application/pdf", UnknownMediaType, id="PDF at byte 1"),
        pytest.param(b"\xef\xbb\xbf" + PDF, "a.pdf", "application/pdf", UnknownMediaType, id="BOM before PDF"),
        pytest.param(b"%PDF-9.9\n", "a.pdf", "application/pdf", UnknownMediaType, id="no such PDF"),
        pytest.param(b"%PDF-", "a.pdf", "application/pdf", UnknownMediaType, id="only the magic"),
        pytest.param(b"%PDF-1.4\n<script>1</script>", "a.pdf", "application/pdf", TypeMismatch, id="PDF and HTML"),
        pytest.param(b"\xff\xd8\xff", "a.jpg", "image/jpeg", UnknownMediaType, id="JPEG magic only"),
        pytest.param(b"\xff\xd8\xff\xd9", "a.jpg", "image/jpeg", UnknownMediaType, id="JPEG without a segment"),
        pytest.param(JPEG[:20] + b"%PDF-1.4" + JPEG[20:], "a.jpg", "image/jpeg", TypeMismatch, id="JPEG and PDF"),
        pytest.param(JPEG[:20] + b"<svg onload=1>", "a.jpg", "image/jpeg", TypeMismatch, id="JPEG and SVG"),
        pytest.param(JPEG[:20] + b"<?PHP echo", "a.jpg", "image/jpeg", TypeMismatch, id="JPEG and PHP"),
        pytest.param(PNG[:8] + b"\0\0\0\x0dIDAT", "a.png", "image/png", BrokenPaper, id="PNG without IHDR"),
        pytest.param(PNG[:12], "a.png", "image/png", BrokenPaper, id="PNG of 12 bytes"),
        pytest.param(b"GIF89a/*" + b"\0" * 20 + b"*/=1;alert(1)", "a.gif", "image/gif", UnknownMediaType, id="GIF"),
        pytest.param(b"GIF89a" + bytes(50), "a.png", "image/png", UnknownMediaType, id="GIF as PNG"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.png", "image/png", UnknownMediaType, id="SVG"),
        pytest.param(samples.archive(), "a.docx", "application/zip", UnknownMediaType, id="an archive"),
        pytest.param(b"\0\0\0\x18ftypavif\0\0\0\0mif1avif", "a.heic", "image/heic", UnknownMediaType, id="AVIF"),
        pytest.param(b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", "a.heic", "image/heic", UnknownMediaType, id="mif1 AVIF"),
        pytest.param(b"\0\0\0\x18ftypisom\0\0\0\0isommp41", "a.heic", "image/heic", UnknownMediaType, id="a film"),
        pytest.param(b"\0\0\0\x0cftypheic", "a.heic", "image/heic", UnknownMediaType, id="a box too small"),
        pytest.param(b"II*\0" + bytes(40), "a.png", "image/png", UnknownMediaType, id="TIFF"),
        pytest.param(b"MZ" + bytes(60), "a.pdf", "application/pdf", UnknownMediaType, id="a program"),
        pytest.param(b"%!PS-Adobe-3.0\n", "a.pdf", "application/pdf", UnknownMediaType, id="PostScript"),
    ],
)
def test_what_is_not_one_paper_is_refused(head: bytes, name: str, declared: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        recognise(head[:HEAD_BYTES], name, declared)
