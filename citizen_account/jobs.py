"""The people's jobs: mails, entries of failed sign-ins, sweeps. A mail's words are found when it is rendered."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from citizen_account.addresses import EmailAddress
from citizen_account.authentication import FailedSignIn, NewDevice
from citizen_account.credentials import CredentialChanged
from citizen_account.language import day, moment, translate
from citizen_account.mailed_links import Kind, SendLink
from citizen_account.notifications import Asked, FirstRead, ReleaseMade
from citizen_account.receipts import number_of
from config.mail import Message
from oidc.protocols import SubjectId

if TYPE_CHECKING:
    from citizen_account.house import House

SWEEP_EVERY = timedelta(minutes=10)


def register(house: House) -> None:
    """Run them on the workers."""
    mails = Mails(house)
    house.jobs.register(SendLink, mails.link)
    house.jobs.register(NewDevice, mails.new_device)
    house.jobs.register(CredentialChanged, mails.credential_changed)
    house.jobs.register(ReleaseMade, mails.release_made)
    house.jobs.register(Asked, mails.asked)
    house.jobs.register(FirstRead, mails.first_read)
    house.jobs.register(FailedSignIn, lambda job: house.authentication.record_failure(bytes.fromhex(job.lookup)))
    house.jobs.every("sweep-links", SWEEP_EVERY, house.links.sweep)
    house.jobs.every("sweep-challenges", SWEEP_EVERY, house.challenges.sweep)
    house.jobs.every("sweep-second-factors", SWEEP_EVERY, house.second_factors.sweep)
    house.jobs.every("sweep-sign-ins", SWEEP_EVERY, house.sessions.sweep)


class Mails:
    """Renders and sends the mails, in the person's language."""

    def __init__(self, house: House) -> None:
        """house: where addresses, names and words come from."""
        self._house = house
        self._url = house.settings.public_url

    def link(self, job: SendLink) -> None:
        """The mail of a flow. The link is minted here, so a retry replaces the one before."""
        minted = self._house.links.mint(job.flow)
        if minted is None:
            return
        flow, secret = minted
        known = self._house.accounts.find_by_email(EmailAddress.parse(flow.email)) is not None
        link = f"{self._url}/confirm/{secret}"
        if flow.kind is Kind.RESET and not known:
            subject, text = "About your password", NO_ACCOUNT
        elif flow.kind is Kind.SIGN_UP and known:
            subject, text = "You have an account already", HAS_ACCOUNT
        elif flow.kind is Kind.CHANGE_EMAIL and known:
            subject, text = "You have an account already", TAKEN
        else:
            subject, text = {
                Kind.SIGN_UP: ("Confirm your e-mail address", CONFIRM),
                Kind.RESET: ("Choose a new password", RESET),
                Kind.CHANGE_EMAIL: ("Confirm your new e-mail address", CONFIRM),
            }[flow.kind]
        self._send(flow.email, flow.language, subject, text, link=link, url=self._url)

    def new_device(self, job: NewDevice) -> None:
        """An account was used at a browser that it did not know."""
        sign_in = self._house.sessions.get(job.sign_in)
        account = self._house.accounts.get(job.account)
        if sign_in is None or account is None:  # ended meanwhile, hence seen
            return
        device = ", ".join(part for part in (sign_in.device.browser, sign_in.device.system) if part)
        self._tell(
            job.account,
            "New sign-in to your account",
            NEW_DEVICE,
            url=f"{self._url}/sign-ins",
            device=device or translate(account.language, "A browser"),
            moment=moment(sign_in.auth_time.astimezone(ZoneInfo(self._house.settings.time_zone)), account.language),
        )

    def credential_changed(self, job: CredentialChanged) -> None:
        """A password or an address changed; a former address is told, then forgotten."""
        subject, (text, path) = "Your account was changed", CHANGED[job.what]
        if not job.address:
            self._tell(job.account, subject, text, url=self._url + path)
            return
        former = self._house.accounts.address(job.address)
        account = self._house.accounts.get(job.account)
        if former is None or account is None:
            return
        self._send(former.text, account.language, subject, text, url=self._url + path)
        self._house.accounts.forget_address(job.address)

    def release_made(self, job: ReleaseMade) -> None:
        """The receipt of a release: kinds of papers, no name that the person gave to one."""
        person = SubjectId(job.account)
        account = self._house.accounts.get(person)
        grant = next((one for one in self._house.consent.grants_of(person) if one.id == job.grant), None)
        if account is None or grant is None:
            return
        number = number_of(grant.id)
        lent = {str(view.lending): view for view in self._house.lending.of_owner(self._house.accounts.owner_of(person))}
        sent = [lent[one].document_type for one in grant.lendings if one in lent]
        zone = ZoneInfo(self._house.settings.time_zone)
        words = {
            "service": job.client_id,
            "number": number,
            "moment": moment(grant.made_at.astimezone(zone), account.language),
            "url": f"{self._url}/accesses/receipts/{number}",
        }
        if not sent or grant.until is None:
            self._tell(job.account, "What you allowed", DATA_RELEASED, **words)
            return
        names = (self._house.document_types.name(code, account.language) for code in sent)
        words["papers"] = "\n".join(f"- {name}" for name in names)
        words["until"] = day(grant.until.astimezone(zone), account.language)
        self._tell(job.account, "What you sent", RELEASE_MADE, **words)

    def asked(self, job: Asked) -> None:
        """A service asks something of a person; nobody is told when there is no such person."""
        self._tell(job.account, "A service asks you something", ASKED, service=job.client_id,
                   url=f"{self._url}/asked/{job.request}")  # fmt: skip

    def first_read(self, job: FirstRead) -> None:
        """A service looked at a paper for the first time."""
        account = self._house.accounts.holder_of(job.owner)
        if account is not None:
            lent = self._house.lending.of_owner(self._house.accounts.owner_of(account))
            client = next((view.client_id for view in lent if view.lending == job.lending), "")
            self._tell(
                account, "A service looked at your paper", FIRST_READ, service=client, url=f"{self._url}/accesses"
            )

    def _tell(self, account: str, subject: str, text: str, **values: str) -> None:
        """Mail the person, if they have a mailbox."""
        found = self._house.accounts.get(account)
        email = self._house.accounts.email(account) if found else None
        if found is None or email is None:
            return
        if "service" in values:
            client = self._house.clients.get(values["service"])
            values["service"] = client.name_in(found.language) if client else values["service"]
        self._send(email, found.language, subject, text, **values)

    def _send(self, to: str, language: str, subject: str, text: str, **values: str) -> None:
        city = self._house.settings.theme.city(language)
        body = translate(language, text, **values) + "\n\n" + translate(language, SIGNATURE, city=city)
        self._house.mailer.send(Message(to=to, subject=translate(language, subject), text=body))


def _(message: str) -> str:
    """Marks a text for the catalogues; it is translated when the mail is rendered."""
    return message


SUBJECTS = (
    _("About your password"), _("You have an account already"), _("Confirm your e-mail address"),
    _("Choose a new password"), _("Confirm your new e-mail address"), _("New sign-in to your account"),
    _("Your account was changed"), _("What you sent"), _("What you allowed"), _("A service looked at your paper"),
    _("A service asks you something"),
)  # fmt: skip
CONFIRM = _(
    "Hello,\n\nsomeone entered this address for an account with the city. If it was you, open this page and press its "
    "button within the hour:\n\n%(link)s\n\nIf it was not you, do nothing: without the button nothing happens."
)
RESET = _(
    "Hello,\n\nsomeone asked for a new password for your account. If it was you, open this page within the hour:\n\n"
    "%(link)s\n\nIf it was not you, do nothing: your password stays as it is."
)
HAS_ACCOUNT = _(
    "Hello,\n\nsomeone wanted to open an account with this address, but you have one already. Sign in with it:\n\n"
    "%(url)s/sign-in\n\nIf you have lost your password, ask for a new one there. If it was not you, do nothing."
)
TAKEN = _(
    "Hello,\n\nsomeone wanted to use this address for another account, but it belongs to one already. It stays with "
    "that one. If it was you, sign in with it, or choose another address:\n\n%(url)s/sign-in"
)
NO_ACCOUNT = _(
    "Hello,\n\nsomeone asked for a new password with this address, but there is no account with it. You can open one, "
    "or try the address that you signed up with:\n\n%(url)s/sign-up\n\nIf it was not you, do nothing."
)
NEW_DEVICE = _(
    "Hello,\n\nyour account was opened with a browser that it did not know:\n\n%(device)s\n%(moment)s\n\n"
    "If it was you, do nothing. If not, end that sign-in and change your password:\n\n%(url)s"
)
PASSWORD_CHANGED = _(
    "Hello,\n\nthe password of your account was changed, and every other sign-in was ended. If it was not you, ask for "
    "a new password at once:\n\n%(url)s"
)
EMAIL_CHANGED = _(
    "Hello,\n\nthe e-mail address of your account was changed: mails go to the new one from now on. If it was not you, "
    "call us at once. Your password can still be changed here:\n\n%(url)s"
)
PASSKEY_ADDED = _(
    "Hello,\n\na passkey was added to your account: whoever holds it can sign in without your password. If it was not "
    "you, choose a new password at once, then remove the passkey:\n\n%(url)s"
)
PASSKEY_REMOVED = _(
    "Hello,\n\na passkey was removed from your account: it signs nobody in any more. If it was not you, choose a new "
    "password at once:\n\n%(url)s"
)
STEP_ADDED = _(
    "Hello,\n\nyour account now asks for a code after your password. If it was not you, ask for a new password at "
    "once, then call us:\n\n%(url)s"
)
STEP_REMOVED = _(
    "Hello,\n\nyour account asks for no code after your password any more. If it was not you, ask for a new password "
    "at once, then ask for codes again:\n\n%(url)s"
)
STEP_GOING = _(
    "Hello,\n\nsomeone who knows your password says that your codes are lost. In seven days your account will ask for "
    "none any more. If it was not you, sign in with a code: this stops it. Then choose a new password:\n\n%(url)s"
)
CODES_PRINTED = _(
    "Hello,\n\nnew codes to print were made for your account; the older ones are good for nothing any more. If it was "
    "not you, choose a new password at once:\n\n%(url)s"
)
CHANGED = {
    "password": (PASSWORD_CHANGED, "/password-reset"),
    "email": (EMAIL_CHANGED, "/password-reset"),
    "passkey_added": (PASSKEY_ADDED, "/passkeys"),
    "passkey_removed": (PASSKEY_REMOVED, "/password-reset"),
    "second_factor_added": (STEP_ADDED, "/second-factor"),
    "second_factor_removed": (STEP_REMOVED, "/second-factor"),
    "second_factor_going": (STEP_GOING, "/second-factor"),
    "codes_printed": (CODES_PRINTED, "/second-factor"),
}
"""Of each credential that can change: what the person is told, and the page where it is mended."""
RELEASE_MADE = _(
    "Hello,\n\non %(moment)s you sent to %(service)s:\n\n%(papers)s\n\nThey may open it until %(until)s. Your receipt "
    "has the number %(number)s. Read it, print it, see each time they look, and take it back if you want to, here:\n\n"
    "%(url)s"
)
DATA_RELEASED = _(
    "Hello,\n\non %(moment)s you allowed %(service)s to know who you are. Your receipt has the number %(number)s. Read "
    "what they know, and take it back if you want to, here:\n\n%(url)s"
)
ASKED = _(
    "Hello,\n\n%(service)s asks you something. If you are dealing with them now, open this page within 10 minutes. It "
    "shows what they ask, and nothing is sent until you say so:\n\n%(url)s\n\nIf not, do nothing: they get nothing."
)
FIRST_READ = _(
    "Hello,\n\n%(service)s looked at a paper that you lent them, for the first time. You see it here, and you can stop "
    "it there:\n\n%(url)s"
)
SIGNATURE = _("%(city)s\nThis mail was sent by a machine. Nobody will ever ask for your password by mail or phone.")
