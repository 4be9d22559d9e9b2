"""A login to a PKCS#11 token: an HSM, or SoftHSM in the tests. Rings share it, their calls take turns.

Loaded only where `key_ring.kind` is `pkcs11`: python-pkcs11 is an extra. Opened after the fork (PKCS#11 2.40 §6.7.1).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import pkcs11
from pkcs11 import exceptions as refusals
from pydantic import SecretStr

from config.errors import ConfigurationError, KeyRingError

T = TypeVar("T")

LOST = (
    refusals.DeviceError,
    refusals.DeviceRemoved,
    refusals.SessionClosed,
    refusals.SessionHandleInvalid,
    refusals.TokenNotPresent,
    refusals.UserNotLoggedIn,
)
"""What a session says that has to be opened again: the HSM was restarted, or the network to it was away."""
NOT_THIS_PIN = (
    refusals.PinIncorrect,
    refusals.PinInvalid,
    refusals.PinLenRange,
    refusals.PinExpired,
    refusals.PinLocked,
    refusals.UserPinNotInitialized,
)


class Token:
    """One token, logged in to; opened again where the session is lost."""

    def __init__(self, library: str, label: str, pin: SecretStr) -> None:
        """library: path of the HSM's library. Raises `ConfigurationError` when library, token or PIN are not right."""
        self._library = library
        self._label = label
        self._pin = pin
        self._pin_refused = False
        self._lock = threading.Lock()
        self._session: pkcs11.Session | None = None
        try:
            self.call(lambda _: None)
        except KeyRingError as error:
            said = str(error)
            raise ConfigurationError(f"{said[:1].upper()}{said[1:]}.") from error

    def call(self, work: Callable[[pkcs11.Session], T]) -> T:
        """What `work` makes of the session; done once more with a new session where this one is lost.

        Raises `KeyRingError` when the token does not do it.
        """
        with self._lock:
            try:
                try:
                    return work(self._opened())
                except LOST:
                    self._session = None
                    return work(self._opened())
            except pkcs11.PKCS11Error as error:
                message = f"the token {self._label} does not do it ({type(error).__name__})"
                raise KeyRingError(message) from error

    def _opened(self) -> pkcs11.Session:
        if self._session is None:
            self._session = self._open(self._found())
        return self._session

    def _found(self) -> pkcs11.Token:
        try:
            library = pkcs11.lib(self._library)
        except pkcs11.PKCS11Error as error:
            message = f"the PKCS#11 library {self._library} can't be loaded: set key_ring.library to the HSM's own"
            raise KeyRingError(message) from error
        try:
            return library.get_token(token_label=self._label)
        except pkcs11.NoSuchToken as error:
            message = f"{self._library} has no token {self._label}: set key_ring.token to the label of one that it has"
            raise KeyRingError(message) from error
        except pkcs11.MultipleTokensReturned as error:
            message = f"{self._library} has several tokens {self._label}: give each a label of its own"
            raise KeyRingError(message) from error

    def _open(self, token: pkcs11.Token) -> pkcs11.Session:
        # An HSM locks a token after a few wrong PINs: a process tries its PIN again only while it was right.
        if not self._pin_refused:
            try:
                return token.open(rw=True, user_pin=self._pin.get_secret_value())
            except refusals.UserAlreadyLoggedIn:  # a login counts for the whole process
                return token.open(rw=True)
            except NOT_THIS_PIN as error:
                self._pin_refused = True
                reason = f" ({type(error).__name__})"
        else:
            reason = ", and is not tried again until the next start"
        message = f"the token {self._label} does not take the PIN{reason}: set key_ring.pin or key_ring.pin_file"
        raise KeyRingError(message)
