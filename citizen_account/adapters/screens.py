"""Pages that the provider must show: `oidc.protocols.Screens`, in the person's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from flask import render_template

from citizen_account.adapters.browser import allow_form_action, allow_frames
from oidc.protocols import ErrorScreen


class HouseScreens:
    """Draws them from templates."""

    def error(self, error: ErrorScreen) -> tuple[str, int]:
        """See `oidc.protocols.Screens.error`."""
        status = HTTPStatus.GONE if error.code == "request_over" else HTTPStatus.BAD_REQUEST
        return render_template("authorize_error.html", code=error.code, client_name=error.client_name), status

    def form_post(self, redirect_uri: str, parameters: Mapping[str, str]) -> str:
        """See `oidc.protocols.Screens.form_post`: every value is HTML-escaped, the button works without JavaScript."""
        allow_form_action(redirect_uri)
        return render_template("form_post.html", redirect_uri=redirect_uri, parameters=parameters)

    def confirm_sign_out(self, handle: str, client_name: str, url: str) -> str:
        """See `oidc.protocols.Screens.confirm_sign_out`."""
        allow_form_action(url)
        return render_template("confirm_sign_out.html", handle=handle, client_name=client_name)

    def check_session(self) -> str:
        """See `oidc.protocols.Screens.check_session`."""
        return render_template("check_session.html")

    def signed_out(self, frames: Sequence[str], url: str) -> str:
        """See `oidc.protocols.Screens.signed_out`: without JavaScript a link goes on."""
        allow_frames(frames)
        return render_template("signed_out.html", frames=frames, url=url)
