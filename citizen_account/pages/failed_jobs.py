"""The operator's page of jobs that failed for good: what, since when, how often, why; and a button to begin again."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, redirect, request

from citizen_account import screen
from citizen_account.security import OPERATOR, policy, require

if TYPE_CHECKING:
    from citizen_account.house import House


def blueprint(house: House) -> Blueprint:
    """`/operator/jobs`."""
    pages = Blueprint("failed_jobs", __name__)

    @pages.get("/operator/jobs")
    @policy(OPERATOR)
    def show() -> Any:
        return screen.page("failed_jobs.html", jobs=house.failed_jobs.all(), done=request.args.get("done", ""))

    @pages.post("/operator/jobs/<job>/retry")
    @policy(OPERATOR)
    def retry(job: str) -> Any:
        # One that is gone was begun again by somebody else: for the operator the outcome is the same.
        house.failed_jobs.retry(job, account=require(OPERATOR).account)
        return redirect("/operator/jobs?done=again", HTTPStatus.SEE_OTHER)

    return pages
