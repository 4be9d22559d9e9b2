"""Everything an account holds, as one zip that is made while it is sent: nothing of it ever lies on a disk.

The papers come first, byte for byte as they were deposited; `manifest.json` comes last, because the fingerprints are
taken while the bytes go by. CPCE L103: everything back on a single request, free, in the original format.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from zipstream import ZIP_STORED, ZipStream

from audit.entries import ActorKind, PersonId, TakeoutMade
from audit.ledger import Ledger
from audit.search import Mine, Search
from citizen_account.accounts import Account, Accounts
from citizen_account.sessions import Sessions
from citizen_account.store.accounts import AccountId
from config.clock import Clock
from config.database import Database
from vault.documents import Documents, DocumentView
from vault.lending import Lending
from vault.protocols import OwnerId

FORMAT = "citizen-account/takeout/1"
MOST_NAME_CHARACTERS = 80
FORBIDDEN = frozenset('/\\:*?"<>|')
"""Signs that some system's file names can't hold."""
ENDINGS = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", "image/heic": ".heic"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What an archive would hold, for the page that offers it."""

    documents: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """An archive on its way out: an ASCII file name, and the zip's bytes."""

    name: str
    chunks: Iterator[bytes] = field(repr=False)


class Takeout:
    """Makes archives."""

    def __init__(
        self,
        *,
        database: Database,
        accounts: Accounts,
        sessions: Sessions,
        documents: Documents,
        lending: Lending,
        ledger: Ledger,
        search: Search,
        clock: Clock,
    ) -> None:
        """search: gives the person's own entries, opened for them."""
        self._database = database
        self._accounts = accounts
        self._sessions = sessions
        self._documents = documents
        self._lending = lending
        self._ledger = ledger
        self._search = search
        self._clock = clock

    def contents(self, account: AccountId) -> Contents:
        """How much there is to take home. Raises `NoSuchAccount`."""
        papers = self._documents.list(self._accounts.owner_of(account))
        return Contents(documents=len(papers), bytes=sum(paper.length for paper in papers))

    def archive(self, account: AccountId, readme: Mapping[str, str]) -> Archive:
        """Begin an archive; its entry is committed before the first byte.

        readme: texts for people by file name, put first. The stream breaks off when a paper can't be read, so that
        an archive that opens is complete. Raises `NoSuchAccount`, `Unreadable`.
        """
        owner = self._accounts.owner_of(account)
        papers = self._documents.list(owner)
        with self._database.transaction() as tx:
            entry = TakeoutMade(
                actor_kind=ActorKind.CITIZEN,
                actor=account,
                persons=(PersonId(account),),
                documents=str(len(papers)),
            )
            self._ledger.append(tx, entry)
        made = ZipStream(compress_type=ZIP_STORED)
        for name, text in readme.items():
            made.add(text.encode(), name)
        files = [_File(view, f"papers/{number:03d} {_name(view)}") for number, view in enumerate(papers, start=1)]
        for file in files:
            made.add(self._paper(owner, file), file.name)
        made.add(self._manifest(account, owner, files), "manifest.json")
        day = self._clock.now().date().isoformat()
        return Archive(name=f"my-papers-{day}.zip", chunks=iter(made))

    def _paper(self, owner: OwnerId, file: _File) -> Iterator[bytes]:
        opened = self._documents.open_original(owner, file.view.document, what="takeout")
        digest = hashlib.sha256()
        for chunk in opened.chunks:
            digest.update(chunk)
            yield chunk
        file.sha256 = digest.hexdigest()

    def _manifest(self, account: AccountId, owner: OwnerId, files: Sequence[_File]) -> Iterator[bytes]:
        entries = [_entry(mine) for mine in self._all_entries(PersonId(account))]
        manifest = {
            "format": FORMAT,
            "made_at": _time(self._clock.now()),
            "account": self._account(account),
            "documents": [_document(file, entries) for file in files],
            "lendings": [_lending(view) for view in self._lending.of_owner(owner)],
            "ledger": entries,
        }
        yield json.dumps(manifest, ensure_ascii=False, indent=1).encode()

    def _account(self, account: AccountId) -> Mapping[str, Any]:
        found: Account | None = self._accounts.get(account)
        return {
            "opened_at": _time(found.created_at) if found else None,
            "language": found.language if found else None,
            "facts": [
                {"name": a.name, "value": a.value, "level": a.level, "source": a.source, "at": _time(a.at)}
                for a in self._accounts.attributes(account).values()
            ],
            "addresses": [
                {"kind": a.kind, "address": a.text, "confirmed_at": _time(a.confirmed_at)}
                for a in self._accounts.addresses(account)
            ],
            "sign_ins": [
                {
                    "browser": one.device.browser,
                    "system": one.device.system,
                    "since": _time(one.auth_time),
                    "last_seen_at": _time(one.last_seen_at),
                }
                for one in self._sessions.list(account)
            ],
        }

    def _all_entries(self, person: PersonId) -> Iterator[Mine]:
        cursor = ""
        while True:
            page = self._search.of_person(person, cursor=cursor)
            yield from page.entries
            cursor = page.cursor
            if not cursor:
                return


@dataclass(slots=True)
class _File:
    view: DocumentView
    name: str
    sha256: str = ""


def _document(file: _File, entries: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    view = file.view
    return {
        "file": file.name,
        "sha256": file.sha256,
        "length": view.length,
        "media_type": view.media_type,
        "document_type": view.document_type,
        "label": view.label,
        "original_file_name": view.untrusted_filename,
        "added_at": _time(view.made_at),
        "this_version_added_at": _time(view.deposited_at),
        "id": view.document,
        "history": [entry for entry in entries if entry.get("document") == view.document],
    }


def _lending(view: Any) -> Mapping[str, Any]:
    return {
        "document": view.document,
        "document_type": view.document_type,
        "service": view.client_id,
        "purpose": view.purpose,
        "legal_basis": view.legal_basis,
        "made_at": _time(view.made_at),
        "until": _time(view.until),
        "reads_allowed": view.reads_allowed,
        "reads_used": view.reads_used,
        "ended_at": _time(view.ended_at),
        "state": str(view.state),
    }


def _entry(mine: Mine) -> Mapping[str, Any]:
    return {"entry": mine.id, "index": mine.index, "time": _time(mine.time), **mine.values}


def _time(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat().replace("+00:00", "Z")


def _name(view: DocumentView) -> str:
    """A file name that every system keeps: the person's own word (else the type), and the ending of what it is."""
    word = unicodedata.normalize("NFC", view.label or view.document_type)
    kept = "".join(c for c in word if c not in FORBIDDEN and unicodedata.category(c)[0] != "C").strip(" .")
    return f"{kept[:MOST_NAME_CHARACTERS].strip(' .') or 'paper'}{ENDINGS.get(view.media_type, '')}"
