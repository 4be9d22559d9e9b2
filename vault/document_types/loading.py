"""Reading the catalogues at start: strictly, and with one clear sentence when they are wrong."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

from pydantic import TypeAdapter, ValidationError

import config
from config.errors import ConfigurationError

PACKAGED: Final = Path(config.__file__).parent
"""Where the catalogues that come with the house lie."""

T = TypeVar("T")


def read_tables(paths: Sequence[Path]) -> dict[str, object]:
    """The tables of several TOML files; a table of a later file takes the place of an earlier one's.

    Raises ConfigurationError when a file can't be read or isn't TOML.
    """
    tables: dict[str, object] = {}
    for path in paths:
        try:
            tables |= tomllib.loads(path.read_text("utf-8"))
        except OSError as error:
            raise ConfigurationError(
                f"{path} can't be read: {error.strerror}. Give the path of a TOML file."
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{path} is not TOML: {error}.") from error
    return tables


def validated(kind: type[T], tables: Mapping[str, object], paths: Sequence[Path]) -> list[T]:
    """Each table as a value of one type: every field there, no other, of the right type.

    Raises ConfigurationError that names the files, the table, the field and what is wrong with it.
    """
    adapter = TypeAdapter(kind)  # costs more to build than a table to read
    return [_validated(adapter, code, table, paths) for code, table in tables.items()]


def _validated(adapter: TypeAdapter[T], code: str, table: object, paths: Sequence[Path]) -> T:
    if not isinstance(table, Mapping):
        raise ConfigurationError(f"{_names(paths)}: {code} must be a table, [{code}].")
    try:
        # JSON is pydantic's strict mode with lists for tuples and strings for enumerations, as TOML writes them.
        return adapter.validate_json(json.dumps({**table, "code": code}, default=str), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in (code, *first["loc"]))
        raise ConfigurationError(f"{_names(paths)}: {place}: {first['msg']}.") from error


def _names(paths: Sequence[Path]) -> str:
    return " or ".join(path.name for path in paths)
