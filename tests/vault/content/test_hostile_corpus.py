"""Hostile files, through the whole way in: recognised, watched, drawn. Refused or drawn; never a death, never slow."""

from __future__ import annotations

import io
import random
import time
import zlib
from contextlib import suppress

import pikepdf
import pytest
from PIL import Image

from config.clock import SystemClock
from config.errors import Refusal
from tests.vault.content import samples
from vault.content.media_types import MediaType
from vault.content.previews import Previews, PreviewState
from vault.content.recognition import HEAD_BYTES, recognise
from vault.content.structure import whole

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"[:68]
SECONDS = 12.0
"""5 s of CPU, on a machine that two test runs share."""
JPEG, PNG, HEIC = (samples.picture(kind) for kind in (MediaType.JPEG, MediaType.PNG, MediaType.HEIC))
PDF = samples.pdf()
PDF_ACTIONS = {
    "javascript": b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>",
    "launch": b"/OpenAction << /S /Launch /F (/bin/sh) >>",
    "uri": b"/OpenAction << /S /URI /URI (http://127.0.0.1:9/) >>",
    "go to remote": b"/OpenAction << /S /GoToR /F (file:///etc/passwd) /D [0 /Fit] >>",
    "submit": b"/OpenAction << /S /SubmitForm /F (http://127.0.0.1:9/) >>",
    "import": b"/OpenAction << /S /ImportData /F (/etc/passwd) >>",
    "more actions": b"/AA << /WC << /S /JavaScript /JS (1) >> >>",
    "xfa": b"/AcroForm << /XFA (<xdp><script>1</script></xdp>) /Fields [] >>",
}


def _rewrapped(data: bytes, *, streams: bool = False, linearize: bool = False) -> bytes:
    """The same document, its objects in object streams, or in the order for reading from the network."""
    made = io.BytesIO()
    mode = pikepdf.ObjectStreamMode.generate if streams else pikepdf.ObjectStreamMode.preserve
    with pikepdf.open(io.BytesIO(data)) as opened:
        opened.save(made, object_stream_mode=mode, linearize=linearize)
    return made.getvalue()


def _pages(count: int) -> bytes:
    kids = b" ".join([b"3 0 R"] * count)
    return samples.hand_made_pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%b] /Count %d >>" % (kids, count),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 10 10] >>",
    )


def _pdf_of_size(box: bytes) -> bytes:
    return samples.hand_made_pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [%b] >>" % box,
    )


def _picture_in_pdf(width: int, height: int) -> bytes:
    squeezed = zlib.compress(bytes(10_000_000), 9)
    return samples.hand_made_pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >>",
        b"<< /Length 20 >>\nstream\n9 0 0 9 0 0 cm /I Do\nendstream",
        b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8 "
        b"/Filter /FlateDecode /Length %d >>\nstream\n%b\nendstream" % (width, height, len(squeezed), squeezed),
    )


def _form_loop() -> bytes:
    form = (
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F 5 0 R >> >> /Length 11 >>"
        b"\nstream\n/F Do /F Do\nendstream"
    )
    return samples.hand_made_pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /XObject << /F 5 0 R >> >> >>",
        b"<< /Length 5 >>\nstream\n/F Do\nendstream",
        form,
    )


def _nested_forms(depth: int) -> bytes:
    """Each form draws the next ten times."""
    content = b"/F Do " * 10
    forms = [
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F %d 0 R >> >> /Length %d >>"
        b"\nstream\n%b\nendstream" % (number + 6, len(content), content)
        for number in range(depth)
    ]
    last = b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length 9 >>\nstream\n0 0 9 9 re\nendstream"
    return samples.hand_made_pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /XObject << /F 5 0 R >> >> >>",
        b"<< /Length 5 >>\nstream\n/F Do\nendstream",
        *forms,
        last,
    )


def _flate_bomb() -> bytes:
    squeezed = zlib.compress(b"0 0 m " * 30_000_000, 9)
    return samples.pdf_with_content(squeezed, filters=b"/Filter /FlateDecode")


def _twice_squeezed() -> bytes:
    squeezed = zlib.compress(zlib.compress(bytes(400_000_000), 9), 9)
    return samples.pdf_with_content(squeezed, filters=b"/Filter [/FlateDecode /FlateDecode]")


def _heic_with_large_size() -> bytes:
    """The same picture, whose ispe property says 60,000 x 60,000."""
    at = HEIC.index(b"ispe") + 8
    return HEIC[:at] + (60_000).to_bytes(4, "big") * 2 + HEIC[at + 8 :]


def _jpeg_of_size(width: int, height: int) -> bytes:
    at = next(at for at in range(len(JPEG)) if JPEG[at : at + 2] in (b"\xff\xc0", b"\xff\xc2")) + 5
    return JPEG[:at] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + JPEG[at + 4 :]


def _many_scans() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((400, 400), 90).save(file, "JPEG", progressive=True)
    data = file.getvalue()
    start = data.index(b"\xff\xda")
    second = data.index(b"\xff\xda", start + 2)
    return data[:second] + data[start:second] * 400 + data[second:]


def _animated() -> bytes:
    file = io.BytesIO()
    shots = [Image.new("RGB", (300, 300), (n, 0, 0)) for n in range(60)]
    shots[0].save(file, "PNG", save_all=True, append_images=shots[1:])
    return file.getvalue()


CORPUS: dict[str, tuple[str, bytes]] = {
    "eicar raw": ("a.pdf", EICAR),
    "eicar behind a PDF": ("a.pdf", PDF + EICAR),
    "eicar zipped": ("a.pdf", samples.archive()),
    "jpeg and zip": ("a.jpg", JPEG + samples.archive()),
    "png and zip": ("a.png", PNG + samples.archive()),
    "heic and zip": ("a.heic", HEIC + samples.archive()),
    "pdf and zip": ("a.pdf", PDF + samples.archive()),
    "zip and pdf": ("a.pdf", samples.archive() + PDF),
    "gif and js": ("a.gif", b"GIF89a/*" + bytes(20) + b"*/=1;alert(1)"),
    "html before pdf": ("a.pdf", b"<html>" + b" " * 900 + PDF),
    "html in a jpeg comment": ("a.jpg", JPEG[:2] + b"\xff\xfe\x00\x22<html><script>alert(1)</script>" + JPEG[2:]),
    "pdf in a png": ("a.png", PNG[:33] + samples.png_chunk(b"tEXt", PDF) + PNG[33:]),
    "svg": ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
    "svg with a foreign entity": ("a.png", b"<!DOCTYPE s [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><svg>&x;</svg>"),
    "html as jpeg": ("a.jpg", b"<!DOCTYPE html><script>1</script>"),
    "docx": ("a.docx", samples.archive()),
    "a program": ("a.pdf", b"\x7fELF" + bytes(90)),
    "postscript": ("a.pdf", b"%!PS-Adobe-3.0\n(/etc/passwd) (r) file"),
    "one byte": ("a.pdf", b"%"),
    "zeros": ("a.pdf", bytes(5000)),
    "png 60,000 x 60,000": ("a.png", samples.png_of_size(60_000, 60_000)),
    "png 2^31 x 1": ("a.png", samples.png_of_size(2**31 - 1, 1, b"x")),
    "png 0 x 0": ("a.png", samples.png_of_size(0, 0, b"x")),
    "png text bomb": ("a.png", samples.png_with_text_bomb()),
    "png cut": ("a.png", PNG[:-30]),
    "png with a wrong checksum": ("a.png", PNG[:-20] + b"xxxx" + PNG[-16:]),
    "png animated": ("a.png", _animated()),
    "png of one pixel": ("a.png", samples.picture(MediaType.PNG, (1, 1))),
    "png without data": ("a.png", samples.png_of_size(10, 10, zlib.compress(b""))),
    "png 1 x 50,000": ("a.png", samples.picture(MediaType.PNG, (1, 50_000))),
    "jpeg of one pixel": ("a.jpg", samples.picture(MediaType.JPEG, (1, 1))),
    "jpeg 65,500 x 65,500": ("a.jpg", _jpeg_of_size(65_500, 65_500)),
    "jpeg 15,000 x 15,000": ("a.jpg", _jpeg_of_size(15_000, 15_000)),
    "jpeg 0 x 0": ("a.jpg", _jpeg_of_size(0, 0)),
    "jpeg cut": ("a.jpg", JPEG[: len(JPEG) // 2]),
    "jpeg of many scans": ("a.jpg", _many_scans()),
    "jpeg with exif cut": ("a.jpg", JPEG[:2] + b"\xff\xe1\x00\x10Exif\0\0MM\0*\xff\xff\xff\xff" + JPEG[2:]),
    "heic cut": ("a.heic", HEIC[: len(HEIC) // 2]),
    "heic 60,000 x 60,000": ("a.heic", _heic_with_large_size()),
    "heic of one pixel": ("a.heic", samples.picture(MediaType.HEIC, (1, 1))),
    "heic head only": ("a.heic", HEIC[:40]),
    "pdf locked": ("a.pdf", samples.locked_pdf()),
    "pdf cut": ("a.pdf", PDF[: len(PDF) // 2]),
    "pdf head and end": ("a.pdf", b"%PDF-1.7\n%%EOF"),
    "pdf whose table leads to itself": ("a.pdf", samples.hand_made_pdf(b"<< >>", trailer=b"/Root 1 0 R /Prev 9")),
    "pdf with a loop in its table": ("a.pdf", b"%PDF-1.7\nxref\n0 0\ntrailer\n<< /Prev 9 >>\nstartxref\n9\n%%EOF"),
    "pdf whose pages are its pages": (
        "a.pdf",
        samples.hand_made_pdf(b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"),
    ),
    "pdf of no page": (
        "a.pdf",
        samples.hand_made_pdf(b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>"),
    ),
    "pdf of -1 pages": (
        "a.pdf",
        samples.hand_made_pdf(b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count -1 >>"),
    ),
    "pdf of 100,000 pages": ("a.pdf", _pages(100_000)),
    "pdf page of a kilometre": ("a.pdf", _pdf_of_size(b"0 0 2834645 2834645")),
    "pdf page of nothing": ("a.pdf", _pdf_of_size(b"0 0 0 0")),
    "pdf page of less": ("a.pdf", _pdf_of_size(b"0 0 -5 -5")),
    "pdf page thin as a hair": ("a.pdf", _pdf_of_size(b"0 0 1 99999")),
    "pdf form that draws itself": ("a.pdf", _form_loop()),
    "pdf forms ten deep by ten": ("a.pdf", _nested_forms(10)),
    "pdf stream bomb": ("a.pdf", _flate_bomb()),
    "pdf squeezed twice": ("a.pdf", _twice_squeezed()),
    "pdf picture of 60,000 x 60,000": ("a.pdf", _picture_in_pdf(60_000, 60_000)),
    "pdf picture of 20,000 x 20,000": ("a.pdf", _picture_in_pdf(20_000, 20_000)),
    "pdf brackets": ("a.pdf", samples.hand_made_pdf(b"[" * 200_000 + b"]" * 200_000)),
    "pdf dictionaries": ("a.pdf", samples.hand_made_pdf(b"<< /A " * 100_000 + b">>" * 100_000)),
    "pdf saves": ("a.pdf", samples.pdf_with_content(b"q " * 1_000_000)),
    "pdf object streams": ("a.pdf", _rewrapped(PDF, streams=True)),
    "pdf linearized": ("a.pdf", _rewrapped(PDF, linearize=True)),
    **{f"pdf {name}": ("a.pdf", samples.pdf_with_content(b"n", extra=extra)) for name, extra in PDF_ACTIONS.items()},
}  # fmt: skip


@pytest.fixture(scope="module")
def previews() -> Previews:
    return Previews(clock=SystemClock())


def _way_in(previews: Previews, name: str, data: bytes) -> tuple[str, float]:
    """What became of it, and after how many seconds."""
    start = time.perf_counter()
    try:
        media_type = recognise(data[:HEAD_BYTES], name, "application/octet-stream")
        kept = list(whole(samples.pieces(data), media_type))
    except Refusal as refusal:
        return refusal.code, time.perf_counter() - start
    made = previews.render(kept, media_type, max_pages=5)
    for page in made.pages:
        assert page.startswith(b"\xff\xd8\xff")
        assert max(Image.open(io.BytesIO(page)).size) <= 2004
    assert bool(made.pages) == (made.state is PreviewState.READY)
    return made.state, time.perf_counter() - start


@pytest.mark.parametrize("case", list(CORPUS))
def test_a_hostile_file_is_refused_or_drawn_in_time(previews: Previews, case: str) -> None:
    outcome, seconds = _way_in(previews, *CORPUS[case])
    assert outcome in {
        "empty_upload", "unknown_media_type", "type_mismatch", "broken_paper", "ready", "not_previewable",
    }  # fmt: skip
    assert seconds < SECONDS, outcome


@pytest.mark.parametrize(
    "case",
    [case for case in CORPUS if " and " in case and case != "pdf head and end"]
    + ["html in a jpeg comment", "pdf in a png", "svg", "docx", "eicar raw"],
)
def test_what_is_two_things_at_once_never_reaches_the_parser(previews: Previews, case: str) -> None:
    outcome, _ = _way_in(previews, *CORPUS[case])
    assert outcome in {"unknown_media_type", "type_mismatch", "broken_paper"}


@pytest.mark.parametrize("case", ["png 60,000 x 60,000", "jpeg 65,500 x 65,500", "heic 60,000 x 60,000", "pdf locked"])
def test_a_bomb_has_no_picture(previews: Previews, case: str) -> None:
    assert _way_in(previews, *CORPUS[case])[0] != "ready"


@pytest.mark.parametrize("media_type", list(MediaType))
def test_files_with_wrong_bytes_kill_nobody(previews: Previews, media_type: MediaType, rounds: int) -> None:
    for seed in range(rounds):
        dice = random.Random(f"{media_type} {seed}")
        data = bytearray(samples.valid(media_type))
        for _ in range(dice.randint(1, 30)):
            data[dice.randrange(16, len(data))] = dice.randrange(256)
        made = previews.render([bytes(data)], media_type, max_pages=2)
        assert bool(made.pages) == (made.state is PreviewState.READY)


def test_a_child_that_dies_leaves_the_next_one_alone(previews: Previews) -> None:
    with suppress(Refusal):
        _way_in(previews, *CORPUS["pdf stream bomb"])
    assert previews.render([PDF], MediaType.PDF, max_pages=1).state is PreviewState.READY
