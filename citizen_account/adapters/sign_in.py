"""The browser's sign-in, for the provider: `oidc.protocols.SignIn` over cookies and sign-ins."""

from __future__ import annotations

from urllib.parse import urlencode

from citizen_account.adapters.browser import Browser
from citizen_account.authentication import Authentication
from citizen_account.sessions import Sessions
from oidc.protocols import SignedIn, SubjectId


class BrowserSignIn:
    """Who is at the browser of the current request."""

    def __init__(self, browser: Browser, sessions: Sessions, authentication: Authentication) -> None:
        """browser: reads the cookies. sessions: what they open. authentication: knows what else a person could do."""
        self._browser = browser
        self._sessions = sessions
        self._authentication = authentication

    def current(self) -> SignedIn | None:
        """See `oidc.protocols.SignIn.current`."""
        secret = self._browser.session()
        found = self._sessions.current(secret) if secret else None
        if found is None:
            return None
        return SignedIn(
            subject=SubjectId(found.account),
            sign_in=found.id,
            auth_time=found.auth_time,
            amr=found.amr,
            acr=found.acr,
        )

    def browser(self) -> str:
        """See `oidc.protocols.SignIn.browser`."""
        return self._browser.value()

    def browser_state(self) -> str:
        """See `oidc.protocols.SignIn.browser_state`."""
        return self._browser.state()

    def sign_in_url(self, handle: str) -> str:
        """See `oidc.protocols.SignIn.sign_in_url`."""
        return f"/sign-in?{urlencode({'next': f'/authorize/{handle}'})}"

    def release_url(self, handle: str) -> str:
        """See `oidc.protocols.SignIn.release_url`."""
        return f"/release/{handle}"

    def sign_up_url(self, handle: str) -> str:
        """See `oidc.protocols.SignIn.sign_up_url`."""
        return f"/sign-up?{urlencode({'next': f'/authorize/{handle}'})}"

    def reachable_acr(self, subject: SubjectId) -> str:
        """See `oidc.protocols.SignIn.reachable_acr`."""
        return self._authentication.reachable_acr(subject)

    def answered_url(self, *, approved: bool) -> str:
        """See `oidc.protocols.SignIn.answered_url`."""
        return "/device/approved" if approved else "/device/refused"

    def stands(self, sign_in: str) -> bool:
        """See `oidc.protocols.SignIn.stands`."""
        return self._sessions.stands(sign_in)

    def end(self, sign_in: str) -> None:
        """See `oidc.protocols.SignIn.end`: the browser forgets it too."""
        self._sessions.end(sign_in)
        self._browser.forget()
