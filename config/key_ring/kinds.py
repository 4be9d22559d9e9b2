"""The rings of the kind that is set: in local files, or in a token."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

from pydantic import SecretStr

from config.clock import Clock
from config.errors import ConfigurationError
from config.identifiers import Randomness
from config.key_ring import KeyRing
from config.key_ring.local_file import LocalFileKeyRing
from config.settings import KeyRings, Settings


def open_rings(settings: Settings, names: Sequence[str], clock: Clock, randomness: Randomness) -> dict[str, KeyRing]:
    """The rings of these names, each with a first root where it has none.

    Raises `ConfigurationError` with what is missing: the extra, the library, the token, its PIN.
    """
    if settings.key_ring.kind == "file":
        return {name: LocalFileKeyRing.open_or_create(settings.keys, name, clock, randomness) for name in names}
    ring, token = _extra().Pkcs11KeyRing, _token(settings.key_ring)
    return {name: ring.open_or_create(token, settings.keys, name, clock, randomness) for name in names}


def found(settings: Settings) -> list[str]:
    """The names of the rings that there are; makes none. Raises `ConfigurationError` as `open_rings` does."""
    if settings.key_ring.kind == "file":
        return sorted(path.stem for path in settings.keys.glob("*.json"))
    names: list[str] = _extra().names(_token(settings.key_ring))
    return names


def place(settings: Settings) -> str:
    """Where the roots are, in words."""
    return f"the token {settings.key_ring.token}" if settings.key_ring.kind == "pkcs11" else str(settings.keys)


def _extra() -> ModuleType:
    try:
        from config.key_ring import pkcs11  # noqa: PLC0415 -- its library is an extra, loaded where it is asked for
    except ModuleNotFoundError as error:
        message = "key_ring.kind is `pkcs11` and python-pkcs11 is missing: docs/operate.md says how to install it."
        raise ConfigurationError(message) from error
    return pkcs11


def _token(section: KeyRings) -> object:
    token: object = _extra().Token(section.library, section.token, _pin(section))
    return token


def _pin(section: KeyRings) -> SecretStr:
    if section.pin_file is None:
        return section.pin
    if section.pin_file.stat().st_mode & 0o077:
        message = f"{section.pin_file} holds the token's PIN: only its owner may read it. chmod 600 it."
        raise ConfigurationError(message)
    return SecretStr(section.pin_file.read_text().strip())
