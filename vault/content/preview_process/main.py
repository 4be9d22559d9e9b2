"""The child's life: load what the format needs, close the cage, only then read the document, draw, end."""

import os
import sys
from collections.abc import Callable, Iterator

from . import landlock, limits, seccomp
from .frames import CAGE_OPEN_STATUS, END_BROKEN, END_TOO_LARGE, END_WHOLE, HEADER, Unreadable

_READ_BYTES = 1 << 20
_IMAGE_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/heic": "HEIF"}
_UNKNOWN = "no such media type"
Picture = tuple[int, int, int, object]
Draw = Callable[[bytes], Iterator[Picture]]


def main(media_type: str, max_pages: int) -> None:
    """Draw the document of that type that stands on standard input; media type "probe" only closes the cage.

    Never returns. Exit status 0 after an end frame, CAGE_OPEN_STATUS when the cage could not be closed.
    """
    draw = _prepared(media_type, max_pages)
    try:
        close_cage()
    except (OSError, ValueError) as error:
        os.write(2, f"{error}\n".encode())
        os._exit(CAGE_OPEN_STATUS)
    os._exit(_run(draw))


def close_cage() -> None:
    """Every layer, from here on and for good. Raises OSError or ValueError when one is missing.

    The limits come first, since they need what the other two take away.
    """
    limits.close()
    landlock.close()
    seccomp.close()


def _prepared(media_type: str, max_pages: int) -> Draw:
    """The way to draw this type; its libraries are loaded here, as nothing can be loaded in the cage."""
    if media_type == "application/pdf":
        from . import pdf  # noqa: PLC0415 - each type pays for its own library only

        pdf.prepare()
        return lambda document: pdf.draw(document, max_pages)
    if media_type in _IMAGE_FORMATS:
        from . import picture  # noqa: PLC0415 - as above

        picture.prepare(_IMAGE_FORMATS[media_type])
        return lambda document: picture.draw(document, _IMAGE_FORMATS[media_type])
    if media_type == "probe":
        return lambda _document: iter(())
    sys.exit(_UNKNOWN)


def _run(draw: Draw) -> int:
    end, count = END_WHOLE, 0
    try:
        for width, height, pages, pixels in draw(_read_all()):
            count = pages
            _write_all(HEADER.pack(width, height, pages))
            _write_all(pixels)
    except Unreadable as unreadable:
        end = unreadable.end
    except MemoryError:
        end = END_TOO_LARGE
    except Exception:  # noqa: BLE001 - a parser may raise anything over a hostile file
        end = END_BROKEN
    _write_all(HEADER.pack(0, end, count))
    return 0


def _read_all() -> bytes:
    parts = []
    while part := os.read(0, _READ_BYTES):
        parts.append(part)
    return b"".join(parts)


def _write_all(data: object) -> None:
    rest = memoryview(data).cast("B")  # type: ignore[arg-type] # bytes or an array of ctypes'
    while rest:
        rest = rest[os.write(1, rest) :]
