"""What kinds of ledger entry are called on pages."""

from __future__ import annotations

from audit.entries import CATALOGUE
from citizen_account.screen import gettext as _


def kind_name(kind: str) -> str:
    """The heading of an entry kind, in the page's language; the code itself for one without words."""
    return _names().get(kind, kind)


def kind_names() -> dict[str, str]:
    """Every kind of the catalogue with its name, in the catalogue's order."""
    names = _names()
    return {kind: names.get(kind, kind) for kind in CATALOGUE}


def outcome_name(outcome: str) -> str:
    """How an act ended, in the page's language."""
    return {"done": _("Succeeded"), "refused": _("Refused"), "failed": _("Failed")}.get(outcome, outcome)


def actor_name(actor_kind: str) -> str:
    """In which capacity someone acted, in the page's language."""
    return {
        "citizen": _("Citizen"),
        "service": _("Service"),
        "facilitator": _("Facilitator"),
        "auditor": _("Auditor"),
        "operator": _("Operator"),
        "job": _("The machine"),
    }.get(actor_kind, actor_kind)


def reason_names() -> dict[str, str]:
    """Why an auditor may look at one person (`audit.search.REASONS`), with its words."""
    return {
        "complaint": _("A complaint by this person"),
        "inspection": _("A planned inspection"),
        "breach": _("A suspected breach"),
        "legal_order": _("An order of a court or authority"),
    }


def _names() -> dict[str, str]:
    return _paper_names() | _release_names() | _account_names() | _house_names()


def _paper_names() -> dict[str, str]:
    return {
        "document_deposited": _("Paper added"),
        "document_opened": _("Paper opened by its owner"),
        "document_deleted": _("Paper deleted"),
        "document_lent": _("Paper lent to a service"),
        "lending_taken_back": _("Lending taken back"),
        "document_read": _("Paper read by a service"),
        "read_failed": _("Reading failed, not counted"),
        "read_refused": _("Reading refused"),
        "agreement_recorded": _("Choice about previews"),
        "owner_key_replaced": _("Key of a safe replaced"),
    }


def _release_names() -> dict[str, str]:
    return {
        "grant_made": _("Approval given"),
        "grant_refused": _("Approval refused"),
        "grant_taken_back": _("Approval taken back"),
        "claims_released": _("Data given to a service"),
        "access_handed_on": _("Access handed on to a back end"),
        "authorization_revoked": _("A service's access ended"),
        "client_changed": _("Service registered or changed"),
    }


def _account_names() -> dict[str, str]:
    return {
        "account_created": _("Account opened"),
        "account_changed": _("Account changed"),
        "account_closed": _("Account closed"),
        "signed_in": _("Sign-in"),
        "signed_out": _("Sign-out"),
        "role_changed": _("Role changed"),
        "takeout_made": _("Everything taken home"),
    }


def _house_names() -> dict[str, str]:
    return {
        "ledger_opened": _("Own entries looked at"),
        "ledger_searched": _("Ledger searched"),
        "ledger_exported": _("Ledger exported"),
        "readable_parts_erased": _("Readable parts erased"),
        "log_opened": _("Ledger begun"),
        "keys_rotated": _("Keys renewed"),
        "job_run": _("Upkeep by the machine"),
        "command_run": _("Command of the operator"),
        "job_retried": _("Failed job begun again"),
    }
