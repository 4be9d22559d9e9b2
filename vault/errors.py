"""What the vault refuses."""

from __future__ import annotations

from http import HTTPStatus
from typing import ClassVar

from config.errors import Refusal


class EmptyUpload(Refusal):
    """The file has no bytes."""

    code: ClassVar[str] = "empty_upload"


class UnknownMediaType(Refusal):
    """The bytes are none of the kinds of file that a paper may be: PDF, JPEG, PNG, HEIC."""

    code: ClassVar[str] = "unknown_media_type"
    status: ClassVar[HTTPStatus] = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class TypeMismatch(Refusal):
    """The bytes, the name and what the browser said do not agree, or the file is two kinds of file at once."""

    code: ClassVar[str] = "type_mismatch"
    status: ClassVar[HTTPStatus] = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class BrokenPaper(Refusal):
    """The file begins as a paper and isn't whole: cut short, or put together wrongly."""

    code: ClassVar[str] = "broken_paper"
    status: ClassVar[HTTPStatus] = HTTPStatus.UNPROCESSABLE_ENTITY


class BadName(Refusal):
    """The file's name holds path parts, control characters or marks that turn text round."""

    code: ClassVar[str] = "bad_name"


class UnknownDocumentType(Refusal):
    """There is no such type of document here, or it is switched off."""

    code: ClassVar[str] = "unknown_document_type"
