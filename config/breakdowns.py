"""What stops a command, in one sentence with the mend. Loaded only when something did."""

from __future__ import annotations

import errno
import pwd
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from config.errors import ConfigurationError, KeyRingError, ObjectStoreError
from config.key_ring import kinds
from config.settings import Settings

NO_TABLE = ("no such table", "no such column", "UndefinedTable", "UndefinedColumn")
"""How SQLite's text and psycopg's class say that the schema is another one."""


def sentence(error: BaseException, settings: Callable[[], Settings]) -> str | None:
    """What went wrong and the mend; None for what nobody foresaw, which deserves its traceback.

    settings: those in force; asked for only where the sentence names one of them.
    """
    if isinstance(error, ConfigurationError):
        return str(error)
    if isinstance(error, KeyRingError):
        return f"The key rings in {kinds.place(settings())} can't be used: {error}."
    if isinstance(error, ObjectStoreError):
        s3 = settings().s3
        return f"The object store at {s3.endpoint_url or 'AWS'} did not do what was asked: {error}."
    if isinstance(error, DBAPIError | PoolTimeout):
        return _database(error, settings().database)
    if isinstance(error, OSError):
        return _file(error)
    return None


def _database(error: DBAPIError | PoolTimeout, address: str) -> str | None:
    url = make_url(address).render_as_string(hide_password=True)
    cause = getattr(error, "orig", None)
    said = f"{type(cause).__name__} {cause}"
    if any(text in said for text in NO_TABLE):
        return f"The database {url} is not at this version. Bring it there: citizen-account migrate"
    if "disk is full" in said or "DiskFull" in said:
        return f"The disk of the database {url} is full. Make room, then try again."
    if isinstance(error, OperationalError | PoolTimeout):
        first = str(cause or error).strip().splitlines()[0]
        mend = "Is its folder there, and yours?" if address.startswith("sqlite") else "Is it running, and is that it?"
        return f"The database {url} can't be used: {first}. {mend}"
    return None


def _file(error: OSError) -> str | None:
    if error.errno == errno.ENOSPC:
        return f"The disk is full ({error.filename or 'while writing'}). Make room, then try again."
    if error.errno not in {errno.EACCES, errno.EPERM, errno.EROFS} or not error.filename:
        return None
    return f"{error.filename} can't be used: {error.strerror}.{_owner(Path(error.filename))}"


def _owner(path: Path) -> str:
    """Whose it is, as far as one can see, and what to do."""
    for place in (path, *path.parents):
        try:
            uid = place.stat().st_uid
        except OSError:
            continue
        try:
            name = pwd.getpwuid(uid).pw_name
        except KeyError:
            name = f"user {uid}"
        return f" {place} belongs to {name}: work as {name}, or set CITIZEN_ACCOUNT_DATA_DIR to a folder of yours."
    return ""
