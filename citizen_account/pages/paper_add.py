"""Adding a paper: first which one, then the file. The form is read piece by piece and never spooled (`upload`).

CSRF token, type, name and the choice about pictures are checked before the first byte of the file is taken. A refused
upload opens no file and asks nothing of the object store; what is left of the body is read and forgotten, within
reason, so that the browser gets to see the answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, redirect, request

from citizen_account import screen
from citizen_account.errors import BadForm, ForgedForm
from citizen_account.language import size
from citizen_account.pages.drafts import Draft, keeps_draft, taken
from citizen_account.pages.papers import label_error, own_safe
from citizen_account.pages.upload import Upload
from citizen_account.screen import gettext as _
from citizen_account.security import CITIZEN, check_form_token, policy, streams_upload
from config.errors import Refusal
from vault.document_types import GROUP_NAMES, DocumentType, PaperDates
from vault.documents.safe import checked_label
from vault.errors import (
    BadLabel,
    BadName,
    BrokenPaper,
    DocumentChanged,
    EmptyUpload,
    NotStored,
    TooLarge,
    TooManyDocuments,
    TruncatedUpload,
    TypeMismatch,
    UnknownDocumentType,
    UnknownMediaType,
)
from vault.protocols import DocumentId, OwnerId

if TYPE_CHECKING:
    from citizen_account.house import House

FORM_BYTES = 64 * 1024
"""What the text fields and boundaries of the form may add to the file."""
CARRIED = {
    "release": re.compile(r"[A-Za-z0-9_-]{1,128}"),
    "detail": re.compile(r"[0-9]{1,2}"),
    "chosen": re.compile(r"[a-z0-9.~]{1,4000}"),
    "types": re.compile(r"[a-z][a-z0-9_ ]{0,1400}"),
    "replaces": re.compile(r"[a-z0-9]{1,64}"),
}
"""What the form carries along: the waiting request, the question it answers, the answers so far, the types that it asks
for, the older paper."""

ASKED_DATES = {
    "issued": frozenset({"younger_than", "school_year", "income_year"}),
    "expires": frozenset({"not_expired"}),
}
"""Which date a type's validity rule needs."""
TYPED = ("label", "agreement", *(f"{name}_{part}" for name in ASKED_DATES for part in ("day", "month", "year")))
"""The fields that a person types or ticks."""
FIRST_YEAR, LAST_YEAR = 1900, 2200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """The fields of the form, as typed."""

    document_type: str
    carried: Mapping[str, str]
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    def failed(self, name: str, text: str) -> _Form:
        """The same with an error at a field."""
        return _Form(
            document_type=self.document_type,
            carried=self.carried,
            values=self.values,
            errors={**self.errors, name: text},
        )


def blueprint(house: House) -> Blueprint:
    """The pages that add a paper."""
    pages = Blueprint("paper_add", __name__)
    adding = _Adding(house)

    @pages.get("/papers/add")
    @policy(CITIZEN)
    def ask() -> Any:
        carried = _carried(request.args)
        draft = taken(house)
        if draft is not None:
            return adding.form(_typed(draft.to_dict()), again=True)
        if carried.get("replaces"):
            view = house.documents.get(own_safe(house), DocumentId(carried["replaces"]))
            return adding.form(_Form(document_type=view.document_type, carried=carried, values={"label": view.label}))
        if request.args.get("type"):
            return adding.form(_Form(document_type=request.args["type"], carried=carried))
        return adding.kinds(carried)

    @pages.post("/papers/add")
    @policy(CITIZEN)
    @keeps_draft("document_type", *TYPED, *CARRIED, back=_again)
    @streams_upload
    def receive() -> Any:
        return adding.receive()

    return pages


class _Adding:
    """Draws and receives the form."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._max_bytes = house.settings.limits.max_document_bytes
        self._most_bytes = 2 * self._max_bytes + FORM_BYTES

    def kinds(self, carried: Mapping[str, str]) -> Response:
        """The page that asks which paper it is; a waiting request narrows it to what is asked."""
        language = screen.current_language()
        asked = carried.get("types", "").split(" ")
        few = [found for found in self._house.document_types.all() if found.code in asked]
        groups = [
            (GROUP_NAMES[group].text(language), types) for group, types in self._house.document_types.by_group().items()
        ]
        return screen.page(
            "paper_kinds.html",
            few=few,
            groups=groups,
            back_to=_back(carried),
            link=lambda code: urlencode({**carried, "type": code}),
        )

    def form(self, form: _Form, status: int = HTTPStatus.OK, *, again: bool = False) -> Response:
        """The form, empty or as it was typed. again: after signing in once more, which no file survives."""
        try:
            document_type = self._house.document_types.get(form.document_type)
        except UnknownDocumentType:
            return self.kinds(form.carried)
        name = document_type.name.text(screen.current_language())
        replaces = form.carried.get("replaces")
        return screen.page(
            "paper_add.html",
            status,
            heading=_("Replace: %(paper)s", paper=name) if replaces else _("Add: %(paper)s", paper=name),
            description=document_type.description.text(screen.current_language()),
            document_type=document_type.code,
            carried=form.carried,
            values={"label": name, "agreement": "", **{k: v for k, v in form.values.items() if v}},
            errors=form.errors,
            message=_("You are signed in again. What you had typed is still here. Choose the file again.")
            if again
            else "",
            asks_issued=_asks(document_type, "issued"),
            asks_expires=_asks(document_type, "expires"),
            asks_agreement=self._house.documents.agreement(own_safe(self._house)) is None,
            file_label=_sides(document_type),
            max_bytes=self._max_bytes,
            submit=_("Keep this paper"),
            back_to=_back(form.carried),
        )

    def receive(self) -> Any:
        """Take a paper in, or say what is wrong; nothing is stored then."""
        # Flask refuses more before a byte is read; up to here the form is read, so that it comes back as it was typed.
        request.max_content_length = self._most_bytes
        upload = None
        try:
            upload = Upload(request.stream, request.content_type or "")
            check_form_token(upload.fields.get("csrf_token", ""))
            form = _typed(upload.fields)
            failed, status = self._before(form, upload), HTTPStatus.UNPROCESSABLE_ENTITY
            if not failed.errors:
                try:
                    return self._keep(form, upload)
                except Refusal as refusal:
                    name, text = _said(refusal)
                    failed, status = form.failed(name, text), refusal.status
        except (BadForm, ForgedForm, TruncatedUpload, UnknownDocumentType):
            self._drain(upload)
            raise
        if failed.errors.get("file") == _too_large(self._max_bytes):
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        drained = self._drain(upload)
        response = self.form(failed, status)
        if not drained:
            response.headers["Connection"] = "close"
        return response

    def _before(self, form: _Form, upload: Upload) -> _Form:
        """What is wrong before the file's first byte."""
        house = self._house
        house.document_types.get(form.document_type)
        for name in ASKED_DATES:
            try:
                _date(form.values, name)
            except ValueError:
                form = form.failed(
                    name, _("Write the day, the month and the year in figures, or leave all three empty.")
                )
        issued = None if "issued" in form.errors else _date(form.values, "issued")
        if issued and issued > house.clock.now().date() + timedelta(days=1):
            form = form.failed("issued", _("This date is in the future. Look at the paper again."))
        try:
            checked_label(form.values["label"])
        except BadLabel:
            form = form.failed("label", label_error())
        asks = house.documents.agreement(own_safe(house)) is None
        if asks and form.values["agreement"] not in {"yes", "no"}:
            form = form.failed("agreement", _("Choose whether pictures may be drawn."))
        if not upload.untrusted_filename:
            form = form.failed("file", _("Choose the file or the photo of your paper."))
        elif (request.content_length or 0) > self._max_bytes + FORM_BYTES:
            form = form.failed("file", _too_large(self._max_bytes))
        return form

    def _keep(self, form: _Form, upload: Upload) -> Any:
        house, owner = self._house, own_safe(self._house)
        self._record_agreement(owner, form)
        name = house.document_types.name(form.document_type, screen.current_language())
        typed = " ".join(form.values["label"].split())
        replaces = form.carried.get("replaces")
        document = house.intake.receive(
            owner=owner,
            document_type=form.document_type,
            label="" if typed == name else typed,  # the type's own name follows the page's language
            untrusted_filename=upload.untrusted_filename,
            untrusted_media_type=upload.untrusted_media_type,
            chunks=upload.chunks(),
            replaces=DocumentId(replaces) if replaces else None,
            dates=PaperDates(issued_on=_date(form.values, "issued"), expires_on=_date(form.values, "expires")),
        )
        if form.carried.get("release"):
            query = urlencode(
                {"chosen": form.carried.get("chosen", ""), "detail": form.carried.get("detail", ""), "added": document}
            )
            return redirect(f"/release/{quote(form.carried['release'])}?{query}", HTTPStatus.SEE_OTHER)
        done = "replaced" if replaces else "added"
        return redirect(f"/papers/{document}?done={done}", HTTPStatus.SEE_OTHER)

    def _record_agreement(self, owner: OwnerId, form: _Form) -> None:
        if self._house.documents.agreement(owner) is None:
            self._house.documents.record_agreement(owner, form.values["agreement"] == "yes")

    def _drain(self, upload: Upload | None) -> bool:
        # Bounded by what a full upload would have cost; a larger body is cut off.
        return upload is not None and upload.drain(self._most_bytes)


def _carried(given: Mapping[str, str]) -> dict[str, str]:
    kept = {name: given.get(name, "") for name in CARRIED}
    return {name: value for name, value in kept.items() if value and CARRIED[name].fullmatch(value)}


def _again(draft: Draft) -> str:
    """The form's own address, for signing in on the way; the answers chosen so far wait in the draft."""
    told = {name: value for name, value in _carried(draft).items() if name in {"release", "detail", "replaces"}}
    return f"/papers/add?{urlencode({**told, 'type': draft.get('document_type', '')})}"


def _typed(fields: Mapping[str, str]) -> _Form:
    values = {name: fields.get(name, "").strip() for name in TYPED}
    return _Form(document_type=fields.get("document_type", ""), carried=_carried(fields), values=values)


def _asks(document_type: DocumentType, name: str) -> bool:
    return document_type.validity.rule in ASKED_DATES[name]


def _date(values: Mapping[str, str], name: str) -> date | None:
    """The date of three fields; None when all are empty. Raises `ValueError` for what is no date."""
    parts = [values.get(f"{name}_{part}", "") for part in ("year", "month", "day")]
    if not any(parts):
        return None
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError(name)
    year, month, day = map(int, parts)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(name)
    return date(year, month, day)


def _back(carried: Mapping[str, str]) -> str:
    if carried.get("release"):
        return f"/release/{quote(carried['release'])}?{urlencode({'chosen': carried.get('chosen', '')})}"
    return f"/papers/{carried['replaces']}" if carried.get("replaces") else "/papers"


def _sides(document_type: DocumentType) -> str:
    if document_type.sides == 2:  # noqa: PLR2004 -- both sides of a card
        return _("Your file, with both sides of the card")
    return _("Your file")


def _too_large(max_bytes: int) -> str:
    most = size(max_bytes, screen.current_language())
    return _("This file is too large: the most is %(most)s. Take a photo of it, or scan it less finely.", most=most)


def _said(refusal: Refusal) -> tuple[str, str]:
    """(field, what happened and what to do) of a refusal; raises it again when the form can't mend it."""
    if isinstance(refusal, TooLarge):
        return "file", _too_large(refusal.max_bytes)
    if isinstance(refusal, TooManyDocuments):
        most = refusal.max_documents
        return "file", _("Your safe is full (%(most)s papers). Delete one that you no longer need.", most=most)
    texts: dict[type[Refusal], tuple[str, str]] = {
        EmptyUpload: ("file", _("This file is empty. Choose another one, or take the photo again.")),
        UnknownMediaType: (
            "file",
            _("This kind of file can't be kept. Use a PDF or a photo (JPEG, PNG, HEIC) of the paper."),
        ),
        TypeMismatch: (
            "file",
            _("This file says that it is one kind and is another. Save it again as a PDF, or take a photo."),
        ),
        BrokenPaper: ("file", _("This file is damaged or not whole. Download or scan it again, then add it.")),
        BadName: (
            "file",
            _("The file's name holds signs that could mislead. Give the file a simple name, then choose it again."),
        ),
        TruncatedUpload: ("file", _("The connection broke before the whole file was here. Try again.")),
        BadLabel: ("label", label_error()),
        DocumentChanged: ("file", _("This paper was changed in the meantime. Open it again, then replace it.")),
        NotStored: ("file", _("We could not lock your paper away and kept nothing of it. Try again in some minutes.")),
    }
    for kind, said in texts.items():
        if isinstance(refusal, kind):
            return said
    raise refusal
