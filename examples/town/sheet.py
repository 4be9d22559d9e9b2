"""What printed papers have in common: a letterhead, an address window, tables, small print, SPECIMEN across."""

from __future__ import annotations

import io
from collections.abc import Sequence

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

BLACK, GREY, PALE, WHITE = HexColor("#1a1a1a"), HexColor("#666666"), HexColor("#eef1f4"), HexColor("#ffffff")
LEFT, RIGHT, TOP = 48.0, 547.0, 790.0


class Sheet:
    """An A4 document being written from the top down."""

    def __init__(self, title: str, colour: str) -> None:
        self._made = io.BytesIO()
        self.canvas = Canvas(self._made, pagesize=A4, invariant=True)
        self.canvas.setTitle(title)
        self.canvas.setAuthor("SPECIMEN")
        self.colour = HexColor(colour)
        self._mark()

    def _mark(self) -> None:
        self.canvas.saveState()
        self.canvas.translate(A4[0] / 2, A4[1] / 2)
        self.canvas.rotate(52)
        self.canvas.setFillColor(Color(0.75, 0.1, 0.1, alpha=0.10))
        self.canvas.setFont("Helvetica-Bold", 110)
        self.canvas.drawCentredString(0, -30, "SPECIMEN")
        self.canvas.restoreState()

    def next_page(self) -> None:
        """A further sheet."""
        self.canvas.showPage()
        self._mark()

    def letterhead(self, issuer: str, lines: Sequence[str], shape: str = "disc") -> None:
        """A drawn emblem, the issuer's name and its address."""
        self.canvas.setFillColor(self.colour)
        if shape == "disc":
            self.canvas.circle(LEFT + 17, TOP + 2, 17, stroke=0, fill=1)
            self.canvas.setFillColor(WHITE)
            self.canvas.circle(LEFT + 22, TOP + 7, 9, stroke=0, fill=1)
        elif shape == "bars":
            for number, height in enumerate((14, 24, 34)):
                self.canvas.rect(LEFT + number * 11, TOP - 15, 8, height, stroke=0, fill=1)
        else:
            path = self.canvas.beginPath()
            path.moveTo(LEFT, TOP - 15)
            path.lineTo(LEFT + 17, TOP + 20)
            path.lineTo(LEFT + 34, TOP - 15)
            path.close()
            self.canvas.drawPath(path, stroke=0, fill=1)
        self.text(LEFT + 44, TOP + 2, issuer, size=17, bold=True, colour=self.colour)
        for number, line in enumerate(lines):
            self.text(LEFT + 44, TOP - 11 - number * 10, line, size=7.5, colour=GREY)

    def window(self, lines: Sequence[str], y: float = 712.0) -> None:
        """The address that shows through the envelope."""
        for number, line in enumerate(lines):
            self.text(330, y - number * 14, line, size=10.5, bold=number == 0)

    def text(
        self, x: float, y: float, words: str, *, size: float = 9.5, bold: bool = False, colour: Color = BLACK
    ) -> None:
        """One line from the left."""
        self.canvas.setFillColor(colour)
        self.canvas.setFont("Helvetica-Bold" if bold else "Helvetica", size)
        self.canvas.drawString(x, y, words)

    def right(
        self, x: float, y: float, words: str, *, size: float = 9.5, bold: bool = False, colour: Color = BLACK
    ) -> None:
        """One line up to the right."""
        self.canvas.setFillColor(colour)
        self.canvas.setFont("Helvetica-Bold" if bold else "Helvetica", size)
        self.canvas.drawRightString(x, y, words)

    def paragraph(
        self, y: float, lines: Sequence[str], *, x: float = LEFT, size: float = 10, step: float = 15
    ) -> float:
        """Lines one under the other; where the next thing may stand."""
        for line in lines:
            self.text(x, y, line, size=size)
            y -= step
        return y

    def heading(self, y: float, words: str) -> float:
        """A band in the issuer's colour; where the next thing may stand."""
        self.canvas.setFillColor(self.colour)
        self.canvas.rect(LEFT, y - 6, RIGHT - LEFT, 20, stroke=0, fill=1)
        self.text(LEFT + 8, y, words, size=10.5, bold=True, colour=WHITE)
        return y - 24

    def table(self, y: float, rows: Sequence[Sequence[str]], edges: Sequence[float], *, step: float = 17) -> float:
        """Rows: the first is the head, a total is bold; the first column from the left, the others up to their edge."""
        for number, row in enumerate(rows):
            if number % 2 == 0:
                self.canvas.setFillColor(PALE)
                self.canvas.rect(LEFT, y - 5, RIGHT - LEFT, step, stroke=0, fill=1)
            bold = number == 0 or row[0].startswith("Total")
            self.text(LEFT + 6, y, row[0], size=9, bold=bold)
            for edge, cell in zip(edges, row[1:], strict=True):
                self.right(edge, y, cell, size=9, bold=bold)
            y -= step
        self.canvas.setStrokeColor(self.colour)
        self.canvas.line(LEFT, y + step - 6, RIGHT, y + step - 6)
        return y - 4

    def box(self, x: float, y: float, width: float, height: float, label: str, value: str) -> None:
        """A framed figure, the one that people look for."""
        self.canvas.setStrokeColor(self.colour)
        self.canvas.setFillColor(PALE)
        self.canvas.roundRect(x, y, width, height, 5, stroke=1, fill=1)
        self.text(x + 10, y + height - 16, label, size=9, colour=GREY)
        self.right(x + width - 10, y + 11, value, size=17, bold=True, colour=self.colour)

    def signature(self, x: float, y: float, seed: int) -> None:
        """A stroke of the pen."""
        self.canvas.setStrokeColor(HexColor("#1d2f6f"))
        self.canvas.setLineWidth(1.3)
        path = self.canvas.beginPath()
        path.moveTo(x, y)
        for turn in range(5):
            rise = 8 + (seed >> turn) % 17
            path.curveTo(x + 9 + turn * 22, y + rise, x + 17 + turn * 22, y - rise, x + 26 + turn * 22, y + turn)
        self.canvas.drawPath(path)
        self.canvas.setLineWidth(1)

    def small_print(self, lines: Sequence[str]) -> None:
        """At the foot."""
        for number, line in enumerate(lines):
            self.text(LEFT, 46 - number * 9, line, size=6.5, colour=GREY)

    def finished(self) -> bytes:
        """The document."""
        self.canvas.showPage()
        self.canvas.save()
        return self._made.getvalue()


def euros(amount: float) -> str:
    """As a French paper writes it: 1 234,56 €."""
    return f"{amount:,.2f} €".replace(",", " ").replace(".", ",")
