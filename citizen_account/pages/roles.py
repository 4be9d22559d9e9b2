"""Roles: one person proposes, another one confirms. The first of each kind come by one-time links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, redirect, request

from citizen_account import screen
from citizen_account.accounts import AccountId
from citizen_account.errors import RoleRefused
from citizen_account.roles import ROLES
from citizen_account.screen import gettext as _
from citizen_account.security import AUDITOR, CITIZEN, OPERATOR, policy, require

if TYPE_CHECKING:
    from citizen_account.house import House


def blueprint(house: House) -> Blueprint:
    """`/roles` and `/first/<secret>`."""
    pages = Blueprint("roles", __name__)

    @pages.get("/roles")
    @policy(OPERATOR, AUDITOR)
    def show() -> Any:
        return _page(house, {})

    @pages.post("/roles")
    @policy(OPERATOR, AUDITOR)
    def propose() -> Any:
        account = request.form.get("account", "").strip()
        try:
            house.roles.propose(require().account, AccountId(account), request.form.get("role", ""))
        except RoleRefused as refused:
            return _page(house, {"account": why(refused)}, account)
        return redirect("/roles?done=proposed", 303)

    @pages.post("/roles/<proposal>/confirm")
    @policy(OPERATOR, AUDITOR)
    def confirm(proposal: str) -> Any:
        try:
            house.roles.confirm(require().account, proposal)
        except RoleRefused as refused:
            return _page(house, {"account": why(refused)})
        return redirect("/roles?done=confirmed", 303)

    @pages.post("/roles/<proposal>/withdraw")
    @policy(OPERATOR, AUDITOR)
    def withdraw(proposal: str) -> Any:
        try:
            house.roles.withdraw(require().account, proposal)
        except RoleRefused as refused:
            return _page(house, {"account": why(refused)})
        return redirect("/roles?done=withdrawn", 303)

    @pages.get("/first/<secret>")
    @policy(CITIZEN)
    def first(secret: str) -> Any:
        return screen.page("first_role.html", role=role_name(house.roles.first_role(secret)), secret=secret, errors={})

    @pages.post("/first/<secret>")
    @policy(CITIZEN)
    def take(secret: str) -> Any:
        try:
            house.roles.take_first(require().account, secret)
        except RoleRefused as refused:
            role = role_name(house.roles.first_role(secret))
            return screen.page("first_role.html", 422, role=role, secret=secret, errors={"take": why(refused)})
        return redirect("/", 303)

    return pages


def _page(house: House, errors: dict[str, str], account: str = "") -> Any:
    return screen.page(
        "roles.html",
        422 if errors else 200,
        errors=errors,
        account=account,
        me=require().account,
        rows=[(row, role_name(row.role)) for row in house.roles.standing()],
        roles=[(role, role_name(role)) for role in ROLES],
        done=request.args.get("done", ""),
    )


def role_name(role: str) -> str:
    """What a role is called."""
    return {"facilitator": _("Facilitator"), "auditor": _("Auditor"), "operator": _("Operator")}.get(role, role)


def why(refused: RoleRefused) -> str:
    """Why a role can't be given, and what to do."""
    return {
        "same_person": _("Another person must do this: nobody gives or confirms a role alone, or for themselves."),
        "no_right": _("Your account may not give roles."),
        "unknown": _("There is no such account. Enter the number that the person sees under My details."),
        "held": _("This account has this role already, or it waits to be confirmed."),
        "audits_and_operates": _(
            "One account can't be auditor and operator: whoever runs the house does not check it."
        ),
        "last_one": _("This is the last one. Give the role to someone else first."),
        "not_proposed": _("This was decided already."),
    }.get(refused.reason, _("This can't be done."))
