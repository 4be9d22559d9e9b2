"""A form with one file, read piece by piece: its text fields first, then the file's bytes as they arrive.

Nothing is spooled to disk and nothing is kept in memory but the piece at hand (DESIGN.md, "Plaintext touches no disk").
The fields come before the file in the form's order, so that a door can refuse before it takes the first byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Protocol

from werkzeug.exceptions import ClientDisconnected, HTTPException
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData, Preamble, State

from citizen_account.errors import BadForm
from vault.errors import TruncatedUpload

READ_BYTES = 64 * 1024
"""Read from the connection at once: one segment of the encrypted stream."""
MAX_FIELD_BYTES = 4 * 1024
"""One text field; labels are the longest."""
MAX_PARTS = 16
MAX_BOUNDARY = 70
"""RFC 2046 §5.1.1."""
FILE_FIELD = "file"


class Stream(Protocol):
    """A request's body."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes; empty at the end."""


class Upload:
    """The body of one `multipart/form-data` request."""

    def __init__(self, stream: Stream | BinaryIO, content_type: str) -> None:
        """Read the text fields, up to the file part's headers.

        Raises `BadForm` when the body is no such form, repeats or overfills a field or has no file part,
        `TruncatedUpload` when it ends early.
        """
        self._stream = stream
        kind, options = parse_options_header(content_type)
        boundary = options.get("boundary", "")
        if kind != "multipart/form-data" or not boundary.isascii() or not 1 <= len(boundary) <= MAX_BOUNDARY:
            raise BadForm("no multipart form")
        # The limit holds for what the decoder gathers before an event: headers, boundaries, pieces; never the file.
        self._decoder = MultipartDecoder(boundary.encode(), max_form_memory_size=2 * READ_BYTES, max_parts=MAX_PARTS)
        self.fields: dict[str, str] = {}
        self.untrusted_filename = ""
        self.untrusted_media_type = ""
        self._read_fields()

    def chunks(self) -> Iterator[bytes]:
        """The file's bytes. Raises `TruncatedUpload` or `BadForm` at the end if the form does not end as it should."""
        more = True
        while more:
            event = self._next()
            if not isinstance(event, Data):
                raise BadForm("file part")
            more = event.more_data
            if event.data:
                yield bytes(event.data)
        if not isinstance(self._next(), Epilogue):
            raise BadForm("something follows the file")

    def drain(self, max_bytes: int) -> bool:
        """Read what is left and forget it, so that the browser listens to the answer; False when it is too much."""
        left = max_bytes
        while left > 0:
            try:
                piece = self._stream.read(READ_BYTES)
            except (ClientDisconnected, OSError):
                return False
            if not piece:
                return True
            left -= len(piece)
        return False

    def _read_fields(self) -> None:
        while True:
            event = self._next()
            if isinstance(event, Preamble):
                continue
            if isinstance(event, File):
                if event.name != FILE_FIELD:
                    raise BadForm("unknown file field")
                self.untrusted_filename = event.filename
                self.untrusted_media_type = event.headers.get("content-type", "")
                return
            if not isinstance(event, Field):
                raise BadForm("no file part")
            if event.name in self.fields:
                raise BadForm("repeated field")
            self.fields[event.name] = self._text()

    def _text(self) -> str:
        kept = bytearray()
        more = True
        while more:
            event = self._next()
            if not isinstance(event, Data):
                raise BadForm("field part")
            more = event.more_data
            kept += event.data
            if len(kept) > MAX_FIELD_BYTES:
                raise BadForm("field too long")
        try:
            return kept.decode("utf-8")
        except UnicodeDecodeError:
            raise BadForm("field is no UTF-8") from None

    def _next(self) -> Event:
        while True:
            try:
                event = self._decoder.next_event()
            except (ValueError, HTTPException):
                raise BadForm("multipart") from None
            if not isinstance(event, NeedData):
                return event
            try:
                piece = self._stream.read(READ_BYTES)
            except (ClientDisconnected, OSError):
                raise TruncatedUpload from None
            if not piece and self._decoder.state is not State.EPILOGUE:
                raise TruncatedUpload
            self._decoder.receive_data(piece or None)
