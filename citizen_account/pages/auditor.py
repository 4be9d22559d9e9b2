"""The auditor's page: search the ledger, open an entry's proof, verify the log, export. No paper, and no way to one.

Filters live in the URL, so that a search can be kept, sent and repeated. Naming a person needs a stated reason; only
the person's ledger pseudonym stands in the URL then.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request, stream_with_context

from audit.entries import EntryId, PersonId
from audit.errors import ReasonNeeded, UnknownEntry, VerificationError
from audit.search import REASONS, Filters
from citizen_account import screen
from citizen_account.addresses import EmailAddress
from citizen_account.errors import BadAddress
from citizen_account.pages.ledger_words import actor_name, kind_name, kind_names, outcome_name, reason_names
from citizen_account.screen import gettext as _
from citizen_account.security import AUDITOR, policy, require

if TYPE_CHECKING:
    from citizen_account.house import House

LIMIT = 50
OVERVIEW_DAYS = 30
FILTER_FIELDS = ("since", "until", "kind", "outcome", "client", "document_type", "purpose", "person", "reason")


def blueprint(house: House) -> Blueprint:
    """The auditor's pages."""
    pages = Blueprint("auditor", __name__)

    @pages.get("/auditor")
    @policy(AUDITOR)
    def auditor() -> Any:
        asked, errors = _asked(), {}
        try:
            filters = _filters(asked)
        except ValueError as error:
            errors, filters = {str(error): _("Write a date as day, month and year.")}, Filters()
        found = house.search.search(
            _me(), filters, cursor=request.args.get("cursor", ""), limit=LIMIT, reason=asked.get("reason", "")
        )
        return screen.page(
            "auditor.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
            rows=found.entries,
            older=f"/auditor?{urlencode({**asked, 'cursor': found.cursor})}" if found.cursor else "",
            asked=asked,
            errors=errors,
            query=urlencode(asked),
            figures=_figures(house),
            alarms=house.search.alarms(),
            state=house.proofs.state(),
            **_words(house),
        )

    @pages.get("/auditor/entries/<entry>")
    @policy(AUDITOR)
    def show(entry: str) -> Any:
        found = house.search.entry(_me(), EntryId(entry))
        if found is None:
            raise UnknownEntry
        return screen.page(
            "auditor_entry.html",
            entry=found,
            receipt=_receipt(house, found.id),
            state=house.proofs.state(),
            **_words(house),
        )

    @pages.get("/auditor/entries/<entry>/proof")
    @policy(AUDITOR)
    def proof(entry: str) -> Any:
        return download(house.proofs.receipt(EntryId(entry)), f"proof-{entry}.txt", "text/plain; charset=utf-8")

    @pages.post("/auditor/verify")
    @policy(AUDITOR)
    def verify() -> Any:
        problem, checked = "", 0
        try:
            checked = house.proofs.check_database()
        except VerificationError as error:
            problem = str(error)
        return screen.page("auditor_verified.html", problem=problem, checked=checked, state=house.proofs.state())

    _one_person(pages, house)
    _exports(pages, house)
    return pages


def _one_person(pages: Blueprint, house: House) -> None:
    @pages.post("/auditor/person")
    @policy(AUDITOR)
    def name_person() -> Any:
        errors = {}
        reason = request.form.get("reason", "")
        address = request.form.get("address", "").strip()
        if reason not in REASONS:
            errors["reason"] = _("Choose why you look at one person. It is written into the ledger.")
        if not address:
            errors["address"] = _("Write the person's e-mail address.")
        pseudonym = None if errors else _pseudonym(house, address, reason)
        if not errors and pseudonym is None:
            errors["address"] = _("No account with this address. Check it, or ask the person which one they use.")
        if errors:
            return screen.page(
                "auditor_person.html",
                HTTPStatus.UNPROCESSABLE_ENTITY,
                errors=errors,
                address=address,
                reason=reason,
                reasons=reason_names(),
            )
        query = urlencode({"person": pseudonym, "reason": reason})
        return redirect(f"/auditor?{query}", HTTPStatus.SEE_OTHER)

    @pages.get("/auditor/person")
    @policy(AUDITOR)
    def ask_person() -> Any:
        return screen.page("auditor_person.html", errors={}, address="", reason="", reasons=reason_names())


def _exports(pages: Blueprint, house: House) -> None:
    @pages.get("/auditor/export.csv")
    @policy(AUDITOR)
    def export_csv() -> Any:
        asked = _asked()
        lines = house.export.csv(_me(), _filters(asked), asked.get("reason", ""))
        return download(stream_with_context(lines), "ledger.csv", "text/csv; charset=utf-8")

    @pages.get("/auditor/export.jsonl")
    @policy(AUDITOR)
    def export_json_lines() -> Any:
        asked = _asked()
        lines = house.export.json_lines(_me(), _filters(asked), asked.get("reason", ""))
        return download(stream_with_context(lines), "ledger.jsonl", "application/jsonl")

    @pages.post("/auditor/bundle")
    @policy(AUDITOR)
    def export_bundle() -> Any:
        chunks = house.export.chunks(_me())
        return download(stream_with_context(chunks), "ledger-bundle.zip", "application/zip")


def download(body: Any, name: str, media_type: str) -> Response:
    """An answer that the browser saves under that (ASCII) name and never shows."""
    response = Response(body, content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _me() -> PersonId:
    return PersonId(require(AUDITOR).account)


def _asked() -> dict[str, str]:
    """The filters of the URL, empty ones left out."""
    given = {name: request.args.get(name, "").strip() for name in FILTER_FIELDS}
    return {name: value for name, value in given.items() if value}


def _filters(asked: Mapping[str, str]) -> Filters:
    """Raises `ValueError` with the field's name for what is no date, `ReasonNeeded` for a person without a reason."""
    if asked.get("person") and asked.get("reason") not in REASONS:
        raise ReasonNeeded
    until = _day(asked, "until")
    return Filters(
        since=_day(asked, "since"),
        until=until + timedelta(days=1) if until else None,
        kind=asked.get("kind", ""),
        outcome=asked.get("outcome", ""),
        client=asked.get("client", ""),
        document_type=asked.get("document_type", ""),
        purpose=asked.get("purpose", ""),
        pseudonym=asked.get("person", ""),
    )


def _day(asked: Mapping[str, str], name: str) -> datetime | None:
    if name not in asked:
        return None
    try:
        day = date.fromisoformat(asked[name])
    except ValueError:
        raise ValueError(name) from None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _pseudonym(house: House, address: str, reason: str) -> str | None:
    try:
        account = house.accounts.find_by_email(EmailAddress.parse(address))
    except BadAddress:
        return None
    return None if account is None else house.search.pseudonym(_me(), PersonId(account), reason)


def _receipt(house: House, entry: EntryId) -> str:
    try:
        return house.proofs.receipt(entry)
    except UnknownEntry:
        return ""  # not in the tree yet: a second at most


def _figures(house: House) -> list[dict[str, Any]]:
    """Entries of the last days by kind and service, the most frequent first, with the rows they stand for."""
    counted = sorted(house.search.overview(OVERVIEW_DAYS), key=lambda row: -row[2])
    since = (house.clock.now() - timedelta(days=OVERVIEW_DAYS)).date().isoformat()
    most = max((number for _kind, _client, number in counted), default=1)
    return [
        {
            "kind": kind,
            "client": client or "",
            "number": number,
            "percent": round(100 * number / most, 1),
            "href": "/auditor?" + urlencode({"since": since, "kind": kind, **({"client": client} if client else {})}),
        }
        for kind, client, number in counted
    ]


def _words(house: House) -> dict[str, Any]:
    language = screen.current_language()
    clients = {client.client_id: client.name_in(language) for client in house.clients.all()}
    return {
        "kinds": kind_names(),
        "kind_name": kind_name,
        "outcome_name": outcome_name,
        "actor_name": actor_name,
        "reasons": reason_names(),
        "clients": clients,
        "type_name": lambda code: house.document_types.name(code, language) if code else "",
        "types": house.document_types.all(),
        "purpose_name": lambda code: house.purposes.name(code, language) if code else "",
        "purposes": house.purposes.all(),
    }
