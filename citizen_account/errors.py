"""What citizen_account refuses. A door turns each into a page or a form error in the person's language."""

from __future__ import annotations

from http import HTTPStatus
from typing import ClassVar

from config.errors import Refusal


class NotSignedIn(Refusal):
    """The page is for people who are signed in."""

    code: ClassVar[str] = "not_signed_in"
    status: ClassVar[HTTPStatus] = HTTPStatus.UNAUTHORIZED


class NotAllowed(Refusal):
    """The page is for holders of another role."""

    code: ClassVar[str] = "not_allowed"
    status: ClassVar[HTTPStatus] = HTTPStatus.FORBIDDEN


class ForgedForm(Refusal):
    """The form's hidden token is missing or of another browser, or the form came from another site."""

    code: ClassVar[str] = "forged_form"
    status: ClassVar[HTTPStatus] = HTTPStatus.FORBIDDEN


class FileNotWanted(Refusal):
    """A file was sent to a page that takes none; its body was not read."""

    code: ClassVar[str] = "file_not_wanted"
    status: ClassVar[HTTPStatus] = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class BadForm(Refusal):
    """A form field is repeated, missing or of the wrong shape; no page of ours sends such a form."""

    code: ClassVar[str] = "bad_form"


class WrongPassword(Refusal):
    """No account with this address and this password. Which of the two is wrong is not told."""

    code: ClassVar[str] = "wrong_password"
    status: ClassVar[HTTPStatus] = HTTPStatus.UNPROCESSABLE_ENTITY


class PasskeyRefused(Refusal):
    """What the browser sent is no answer of a passkey that is known here. What was wrong is not told."""

    code: ClassVar[str] = "passkey_refused"
    status: ClassVar[HTTPStatus] = HTTPStatus.UNPROCESSABLE_ENTITY


class ChallengeOver(PasskeyRefused):
    """The challenge was answered before, is over, or was made for another browser or purpose."""

    code: ClassVar[str] = "challenge_over"


class TooManyPasskeys(Refusal):
    """The account has as many as one may have."""

    code: ClassVar[str] = "too_many_passkeys"
    status: ClassVar[HTTPStatus] = HTTPStatus.CONFLICT


class WrongOneTimeCode(Refusal):
    """This is no code of the app or the sheet, or it was used. The try was counted."""

    code: ClassVar[str] = "wrong_one_time_code"
    status: ClassVar[HTTPStatus] = HTTPStatus.UNPROCESSABLE_ENTITY


class StepOver(Refusal):
    """What the password began at this browser is over: too late, used, or the password changed since."""

    code: ClassVar[str] = "step_over"
    status: ClassVar[HTTPStatus] = HTTPStatus.GONE


class WeakPassword(Refusal):
    """The new password breaks a rule; `reason` is too_short, too_long, common or about_you."""

    code: ClassVar[str] = "weak_password"
    status: ClassVar[HTTPStatus] = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, reason: str) -> None:
        """reason: which rule."""
        super().__init__(reason)
        self.reason = reason


class BadAddress(Refusal):
    """This is no e-mail address (or phone number) that a message could reach."""

    code: ClassVar[str] = "bad_address"
    status: ClassVar[HTTPStatus] = HTTPStatus.UNPROCESSABLE_ENTITY


class AddressTaken(Refusal):
    """Another account confirmed this address first."""

    code: ClassVar[str] = "address_taken"
    status: ClassVar[HTTPStatus] = HTTPStatus.CONFLICT


class BadValue(Refusal):
    """What was typed into a profile field can't be right."""

    code: ClassVar[str] = "bad_value"
    status: ClassVar[HTTPStatus] = HTTPStatus.UNPROCESSABLE_ENTITY


class LinkOver(Refusal):
    """The mailed link was used, has expired or was replaced by a newer one."""

    code: ClassVar[str] = "link_over"
    status: ClassVar[HTTPStatus] = HTTPStatus.GONE


class WrongCode(Refusal):
    """The typed code isn't the one that the link shows. The failure was counted."""

    code: ClassVar[str] = "wrong_code"
    status: ClassVar[HTTPStatus] = HTTPStatus.UNPROCESSABLE_ENTITY


class RoleRefused(Refusal):
    """The role can't be given so; `reason` is same_person, audits_and_operates, unknown, held, not_proposed."""

    code: ClassVar[str] = "role_refused"
    status: ClassVar[HTTPStatus] = HTTPStatus.CONFLICT

    def __init__(self, reason: str) -> None:
        """reason: which rule."""
        super().__init__(reason)
        self.reason = reason


class NoSuchReceipt(Refusal):
    """The person has no receipt of that number."""

    code: ClassVar[str] = "not_found"
    status: ClassVar[HTTPStatus] = HTTPStatus.NOT_FOUND


class NoSuchAccount(Refusal):
    """There is no account of that id."""

    code: ClassVar[str] = "no_such_account"
    status: ClassVar[HTTPStatus] = HTTPStatus.NOT_FOUND


class DoorsClosed(Refusal):
    """A backup was put back, and what had ended since is not ended again yet."""

    code: ClassVar[str] = "doors_closed"
    status: ClassVar[HTTPStatus] = HTTPStatus.SERVICE_UNAVAILABLE
