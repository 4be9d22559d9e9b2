"""What the vault refuses."""

from __future__ import annotations

from datetime import datetime
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


class TruncatedUpload(Refusal):
    """The upload ended before the file did."""

    code: ClassVar[str] = "truncated_upload"


class TooLarge(Refusal):
    """The file is larger than a paper may be; `max_bytes` says how large."""

    code: ClassVar[str] = "too_large"
    status: ClassVar[HTTPStatus] = HTTPStatus.REQUEST_ENTITY_TOO_LARGE

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"over {max_bytes} bytes")
        self.max_bytes = max_bytes


class TooManyDocuments(Refusal):
    """The safe is full; `max_documents` says how many papers it holds."""

    code: ClassVar[str] = "too_many_documents"
    status: ClassVar[HTTPStatus] = HTTPStatus.CONFLICT

    def __init__(self, max_documents: int) -> None:
        super().__init__(f"over {max_documents} papers")
        self.max_documents = max_documents


class BadLabel(Refusal):
    """The label is too long or holds control characters."""

    code: ClassVar[str] = "bad_label"


class NotStored(Refusal):
    """The store took too long or answered wrongly while the paper was written; nothing was kept."""

    code: ClassVar[str] = "not_stored"
    status: ClassVar[HTTPStatus] = HTTPStatus.SERVICE_UNAVAILABLE


class UnknownOwner(Refusal):
    """There is no such safe (any more)."""

    code: ClassVar[str] = "unknown_owner"
    status: ClassVar[HTTPStatus] = HTTPStatus.NOT_FOUND


class UnknownDocument(Refusal):
    """The safe holds no such paper (any more), or no such page picture of it."""

    code: ClassVar[str] = "unknown_document"
    status: ClassVar[HTTPStatus] = HTTPStatus.NOT_FOUND


class DocumentChanged(Refusal):
    """The paper was replaced by another version in the meantime; nothing was kept of this one."""

    code: ClassVar[str] = "document_changed"
    status: ClassVar[HTTPStatus] = HTTPStatus.CONFLICT


class NotAllowedToAsk(Refusal):
    """The client's contract, or the catalogue, does not allow what is asked; the detail names it."""

    code: ClassVar[str] = "invalid_authorization_details"

    def __init__(self, named: str, *, quotes: bool = False) -> None:
        """named: what is unknown, missing or not in the contract; may be told to the client.

        quotes: it repeats something of the request.
        """
        super().__init__(named)
        self.named = named
        self.quotes = quotes


class UnfitPaper(Refusal):
    """A paper may not answer what was asked; nothing was lent. `document` is which."""

    status: ClassVar[HTTPStatus] = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, document: str) -> None:
        super().__init__()
        self.document = document


class PaperNotAsked(UnfitPaper):
    """It is of a type that was not asked for."""

    code: ClassVar[str] = "paper_not_asked"


class PaperTooOld(UnfitPaper):
    """It is no longer good for this purpose on the day of lending."""

    code: ClassVar[str] = "paper_too_old"


class PaperTooMany(UnfitPaper):
    """It is one more than the question takes, or chosen twice."""

    code: ClassVar[str] = "paper_too_many"


class ReadRefusal(Refusal):
    """A client may not read this lending now. An entry says so, one a minute for each reason."""

    status: ClassVar[HTTPStatus] = HTTPStatus.FORBIDDEN

    def __init__(self, at: datetime | None = None) -> None:
        """at: when what the refusal tells of happened."""
        super().__init__()
        self.at = at


class UnknownLending(ReadRefusal):
    """There is no such lending, or this token's grant doesn't hold it: the answer is the same."""

    code: ClassVar[str] = "unknown_lending"
    status: ClassVar[HTTPStatus] = HTTPStatus.NOT_FOUND


class LendingTakenBack(ReadRefusal):
    """The citizen took it back, at `at`."""

    code: ClassVar[str] = "lending_taken_back"


class LendingOver(ReadRefusal):
    """Its time was over, at `at`."""

    code: ClassVar[str] = "lending_over"


class ReadsUsedUp(ReadRefusal):
    """It was read as often as the citizen allowed."""

    code: ClassVar[str] = "reads_used_up"


class DocumentGone(ReadRefusal):
    """The citizen deleted the paper, at `at`."""

    code: ClassVar[str] = "document_deleted"
    status: ClassVar[HTTPStatus] = HTTPStatus.GONE


class SignInTooWeak(ReadRefusal):
    """The paper asks for a stronger or a newer sign-in than the one behind the token (RFC 9470)."""

    code: ClassVar[str] = "insufficient_user_authentication"
    status: ClassVar[HTTPStatus] = HTTPStatus.UNAUTHORIZED

    def __init__(self, acr: str, max_age: int | None) -> None:
        """acr: what would do; empty for any. max_age: seconds; None for any."""
        super().__init__()
        self.acr = acr
        self.max_age = max_age


class RenditionPending(ReadRefusal):
    """That rendition is still being made."""

    code: ClassVar[str] = "rendition_pending"
    status: ClassVar[HTTPStatus] = HTTPStatus.SERVICE_UNAVAILABLE


class UnknownRendition(ReadRefusal):
    """The paper has no such rendition and will have none."""

    code: ClassVar[str] = "unknown_rendition"
    status: ClassVar[HTTPStatus] = HTTPStatus.NOT_FOUND


class BadActingAgent(Refusal):
    """`Acting-Agent` is not one value of 1 to 64 visible ASCII characters."""

    code: ClassVar[str] = "bad_acting_agent"


class RangeNotSatisfiable(Refusal):
    """The one range asked for lies outside (RFC 9110 §14.4); `length` is the whole."""

    code: ClassVar[str] = "range_not_satisfiable"
    status: ClassVar[HTTPStatus] = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length


class Unreadable(Refusal):
    """The store or the key ring gave no answer; nothing was given out and the read does not count."""

    code: ClassVar[str] = "temporarily_unreadable"
    status: ClassVar[HTTPStatus] = HTTPStatus.SERVICE_UNAVAILABLE


class Damaged(Refusal):
    """What the store holds is not what was written; nothing of it was given out and the read does not count."""

    code: ClassVar[str] = "damaged"
    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
