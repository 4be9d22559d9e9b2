"""Papers as people have them: a bill, a photograph, a scan, a picture from a telephone."""

from __future__ import annotations

import io
from pathlib import Path

import pillow_heif
from PIL import Image, ImageDraw
from reportlab.pdfgen.canvas import Canvas


def bill(text: str = "Electricity bill") -> bytes:
    """A PDF of one page."""
    made = io.BytesIO()
    canvas = Canvas(made)
    canvas.setFont("Helvetica-Bold", 24)
    canvas.drawString(72, 740, text)
    canvas.setFont("Helvetica", 12)
    canvas.drawString(72, 700, "Alice Martin, 12 rue des Lilas, 75020 Paris")
    canvas.showPage()
    canvas.save()
    return made.getvalue()


def photograph(text: str = "IDENTITY CARD", kind: str = "JPEG") -> bytes:
    """A picture of that kind: JPEG, PNG or HEIF."""
    pillow_heif.register_heif_opener()
    image = Image.new("RGB", (1200, 800), "#dde6ee")
    ImageDraw.Draw(image).text((80, 80), text, fill="#223")
    made = io.BytesIO()
    image.save(made, kind, quality=90)
    return made.getvalue()


def save(folder: Path, name: str, content: bytes) -> Path:
    """The file, as a person chooses it."""
    path = folder / name
    path.write_bytes(content)
    return path
