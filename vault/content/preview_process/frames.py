"""What crosses from the cage to the house: a fixed header and so many bytes as it says.

The parent takes nothing from it on trust but width, height and the bytes between them, each within limits.
"""

import struct

HEADER = struct.Struct(">III")
"""Width and height in pixels, page count of the document; then width x height x 3 bytes, RGB, rows from the top.
Width 0 is the end: then height is a code of ENDS."""

BYTES_PER_PIXEL = 3
LONGEST_SIDE = 2000
"""Pixels; what a picture of a page may measure on its longer side."""
ROUNDING = 4
"""Pixels more, for a width that is rounded up to a multiple of four."""
DOTS_PER_INCH = 110
"""A4 becomes 910 x 1287: small print can be read, a page is about 100 KB."""

END_WHOLE = 0
END_ENCRYPTED = 1
END_BROKEN = 2
END_TOO_LARGE = 3
ENDS = (END_WHOLE, END_ENCRYPTED, END_BROKEN, END_TOO_LARGE)

CAGE_OPEN_STATUS = 70
"""Exit status of a child that could not close its cage: it has read nothing."""


class Unreadable(Exception):
    """There is no picture to make, or none after those already made; `end` says why."""

    def __init__(self, end: int) -> None:
        super().__init__(end)
        self.end = end
