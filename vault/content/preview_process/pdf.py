"""Pages of a PDF, drawn by pdfium (built without JavaScript and XFA)."""

import ctypes
from collections.abc import Iterator

import pypdfium2_raw as pdfium

from .frames import BYTES_PER_PIXEL, DOTS_PER_INCH, END_BROKEN, END_ENCRYPTED, LONGEST_SIDE, Unreadable

_POINTS_PER_INCH = 72
_ALIGNED_PIXELS = 4
"""pdfium pads rows to 4 bytes: rows of 4, 8, 12, … pixels need no padding."""
_WHITE = 0xFFFFFFFF
_FLAGS = pdfium.FPDF_ANNOT | pdfium.FPDF_REVERSE_BYTE_ORDER | pdfium.FPDF_RENDER_LIMITEDIMAGECACHE
Picture = tuple[int, int, int, object]
"""Width, height, page count, pixels."""


def prepare() -> None:
    """Start the library, before anything hostile is there."""
    pdfium.FPDF_InitLibrary()


def draw(document: bytes, max_pages: int) -> Iterator[Picture]:
    """Pictures of the first pages. Raises Unreadable, also after some pages."""
    opened = pdfium.FPDF_LoadMemDocument64(document, len(document), None)
    if not opened:
        locked = pdfium.FPDF_GetLastError() in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY)
        raise Unreadable(END_ENCRYPTED if locked else END_BROKEN)
    count = pdfium.FPDF_GetPageCount(opened)
    if count < 1:
        raise Unreadable(END_BROKEN)
    for number in range(min(count, max_pages)):
        width, height, pixels = _draw_page(opened, number)
        yield width, height, count, pixels


def _draw_page(opened: object, number: int) -> tuple[int, int, object]:
    page = pdfium.FPDF_LoadPage(opened, number)
    if not page:
        raise Unreadable(END_BROKEN)
    width, height = _size(pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page))
    pixels = (ctypes.c_ubyte * (width * height * BYTES_PER_PIXEL))()
    bitmap = pdfium.FPDFBitmap_CreateEx(width, height, pdfium.FPDFBitmap_BGR, pixels, width * BYTES_PER_PIXEL)
    if not bitmap:
        raise Unreadable(END_BROKEN)
    pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, _WHITE)
    pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, _FLAGS)
    pdfium.FPDFBitmap_Destroy(bitmap)
    pdfium.FPDF_ClosePage(page)
    return width, height, pixels


def _size(width_points: float, height_points: float) -> tuple[int, int]:
    """In pixels: at the usual resolution, a very large page smaller, never nothing."""
    if not (width_points > 0 and height_points > 0):
        raise Unreadable(END_BROKEN)
    scale = min(DOTS_PER_INCH / _POINTS_PER_INCH, LONGEST_SIDE / max(width_points, height_points))
    width = max(1, round(width_points * scale / _ALIGNED_PIXELS)) * _ALIGNED_PIXELS
    return width, max(1, round(height_points * scale))
