"""Files as people and attackers make them, generated: nothing of it lies in the repository."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

import pikepdf
import pillow_heif
from PIL import Image, PngImagePlugin
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from vault.content.media_types import MediaType

pillow_heif.register_heif_opener()

NAMES = {
    MediaType.PDF: "paper.pdf",
    MediaType.JPEG: "paper.jpg",
    MediaType.PNG: "paper.png",
    MediaType.HEIC: "IMG_0001.HEIC",
}


def pieces(data: bytes, size: int = 65_536) -> Iterator[bytes]:
    """As they come from a socket."""
    return iter([data[at : at + size] for at in range(0, len(data), size)])


def pdf(pages: int = 1, text: str = "Facture") -> bytes:
    made = io.BytesIO()
    canvas = Canvas(made, pagesize=A4, invariant=True)
    for number in range(1, pages + 1):
        canvas.drawString(100, 700, f"{text} {number}")
        canvas.showPage()
    canvas.save()
    return made.getvalue()


def locked_pdf() -> bytes:
    """A PDF that wants a password."""
    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf())) as opened:
        opened.save(made, encryption=pikepdf.Encryption(user="open", owner="own", R=6))
    return made.getvalue()


def picture(media_type: MediaType, size: tuple[int, int] = (320, 200), colour: str = "navy") -> bytes:
    """Left half in the colour, right half white."""
    image = Image.new("RGB", size, "white")
    image.paste(Image.new("RGB", (max(1, size[0] // 2), size[1]), colour), (0, 0))
    made = io.BytesIO()
    image.save(made, {MediaType.JPEG: "JPEG", MediaType.PNG: "PNG", MediaType.HEIC: "HEIF"}[media_type], quality=90)
    return made.getvalue()


def photograph_with_gps(orientation: int = 6) -> bytes:
    """A JPEG whose EXIF says where it was taken and how the telephone was held."""
    image = Image.new("RGB", (400, 200), "white")
    image.paste(Image.new("RGB", (200, 200), "red"), (0, 0))
    exif = image.getexif()
    exif[0x0112], exif[0x010F], exif[0x0110] = orientation, "CanaryMaker", "CanaryModel"
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 24.0), 3: "E", 4: (2.0, 21.0, 7.0)})
    made = io.BytesIO()
    image.save(made, "JPEG", exif=exif, quality=90)
    return made.getvalue()


def valid(media_type: MediaType) -> bytes:
    return pdf() if media_type is MediaType.PDF else picture(media_type)


def archive() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        opened.writestr("index.html", "<script>alert(1)</script>")
    return made.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of_size(width: int, height: int, data: bytes = b"") -> bytes:
    """A PNG that claims a size: one bit a pixel, all the same."""
    if not data:
        squeezer = zlib.compressobj(9)
        row = bytes(1 + (width + 7) // 8)
        rows = min(height, 2000)
        data = b"".join([squeezer.compress(row) for _ in range(rows)]) + squeezer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


def png_with_text_bomb() -> bytes:
    """Ten megabytes of comment in ten kilobytes."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "A" * 10_000_000, zip=True)
    made = io.BytesIO()
    Image.new("RGB", (10, 10), "white").save(made, "PNG", pnginfo=info)
    return made.getvalue()


def hand_made_pdf(*objects: bytes, trailer: bytes = b"/Root 1 0 R") -> bytes:
    """A PDF of these objects, the first numbered 1, with a right cross-reference table."""
    out = b"%PDF-1.7\n"
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n%b" % (len(objects) + 1, table)
    return out + b"trailer\n<< /Size %d %b >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start)


def pdf_with_content(content: bytes, extra: bytes = b"", filters: bytes = b"") -> bytes:
    """One page that draws this content stream."""
    return hand_made_pdf(
        b"<< /Type /Catalog /Pages 2 0 R %b >>" % extra,
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << >> >>",
        b"<< /Length %d %b >>\nstream\n%b\nendstream" % (len(content), filters, content),
    )
