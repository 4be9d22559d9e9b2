"""Reading a lending: the ledger first, then the stream.

One read is one (token, version, rendition). Its entry is committed at the first request, before the first byte; ranges
and retries of the same token belong to it. When no byte left the house `read_failed` follows and it does not count.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta

from audit.entries import EntryId
from audit.ledger import Ledger
from config.clock import Clock
from config.database import Database, Transaction
from config.errors import Refusal
from config.logs import get_logger
from config.object_reads import Asked
from vault.document_types import DocumentTypes
from vault.documents import LendingState, Preview
from vault.documents.opening import translated
from vault.documents.views import state_of
from vault.encryption.keys import OwnerKeys
from vault.encryption.objects import EncryptedObjects
from vault.errors import (
    DocumentGone,
    LendingOver,
    LendingTakenBack,
    ReadRefusal,
    ReadsUsedUp,
    RenditionPending,
    SignInTooWeak,
    UnknownLending,
    UnknownRendition,
)
from vault.lending.answers import ByteRange, ReadAnswer, ReadContent
from vault.lending.traces import Traces
from vault.protocols import Challenged, LendingId, Notices, OwnerId, Permission, Presented
from vault.store import lendings, reads
from vault.store.owner_keys import OwnerKeyRow
from vault.store.reads import Fetch
from vault.store.renditions import RenditionRow

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A request."""

    permission: Permission
    lending: LendingId
    rendition: str
    byte_range: ByteRange | None = None
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Allowed:
    """What the checks found."""

    found: Fetch
    rendition: RenditionRow
    owner_key: OwnerKeyRow


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """A read whose entry is committed with this transaction."""

    allowed: _Allowed
    entry: EntryId
    first_request: bool
    first: int
    last: int


class Reading:
    """Lets clients read what was lent to them."""

    def __init__(
        self,
        *,
        database: Database,
        keys: OwnerKeys,
        objects: EncryptedObjects,
        ledger: Ledger,
        document_types: DocumentTypes,
        notices: Notices,
        clock: Clock,
    ) -> None:
        """document_types: what each asks of a sign-in. notices: told when a lending is read for the first time."""
        self._database = database
        self._keys = keys
        self._objects = objects
        self._traces = Traces(ledger, clock)
        self._types = document_types
        self._notices = notices
        self._clock = clock

    def transaction(self, presented: Presented) -> AbstractContextManager[Transaction]:
        """For what only looks: a snapshot, unless the token's proof must be used up."""
        return self._database.transaction() if presented.is_bound else self._database.reading()

    def look(self, presented: Presented, lending: LendingId, rendition: str) -> ReadAnswer:
        """What a HEAD or a 304 tells: opens nothing, is no read. Raises `Challenged`, `ReadRefusal` as `read` does."""
        with self.transaction(presented) as tx:
            permission = presented.standing(tx)
            found = reads.fetch(tx, lending, rendition, permission.token_id)
        wanted = _Wanted(permission=permission, lending=lending, rendition=rendition)
        try:
            allowed = self._judged(found, wanted)
        except ReadRefusal as refusal:
            with self._database.transaction() as tx:
                self._traces.refused(tx, found, permission, refusal)
            raise _told(presented, refusal) from refusal
        return _answer(allowed, 0, allowed.rendition.length - 1)

    def read(
        self,
        presented: Presented,
        lending: LendingId,
        rendition: str,
        *,
        byte_range: ByteRange | None,
        agent: str,
    ) -> ReadAnswer:
        """Open a rendition for a client; the entry is committed before a byte of it is taken from the store.

        The token, the lending and the read are one transaction: what was taken back before it stops this very fetch.
        Raises `Challenged` when the token stands no more or the paper asks for a stronger sign-in, a `ReadRefusal` (an
        entry says so, one a minute, of the former as well),
        `RangeNotSatisfiable` (no read), `Damaged` or `Unreadable` (the read is undone, an entry says so).
        """
        with ExitStack() as unless_opened:
            with self._database.transaction() as tx:
                permission = presented.standing(tx)
                wanted = _Wanted(
                    permission=permission, lending=lending, rendition=rendition, byte_range=byte_range, agent=agent
                )
                begun = self._decided(tx, wanted)
                asked = self._ask_ahead(begun, unless_opened)
            # Raised out here: inside, the entry would be rolled back.
            if isinstance(begun, ReadRefusal):
                raise _told(presented, begun)
            answer = self._opened(permission, begun, asked)
            unless_opened.pop_all()
            return answer

    def _decided(self, tx: Transaction, wanted: _Wanted) -> _Begun | ReadRefusal:
        found = reads.fetch(tx, wanted.lending, wanted.rendition, wanted.permission.token_id)
        try:
            return self._begin(tx, self._judged(found, wanted), wanted)
        except ReadRefusal as refusal:
            self._traces.refused(tx, found, wanted.permission, refusal)
            return refusal

    def _ask_ahead(self, begun: _Begun | ReadRefusal, unless_opened: ExitStack) -> Asked | None:
        """The commit waits for the disk; meanwhile the store may look for the object. No byte is taken before it."""
        if isinstance(begun, ReadRefusal) or not begun.first_request:
            return None
        asked = self._objects.ask(begun.allowed.rendition, begun.first, begun.last)
        unless_opened.callback(asked.drop)
        return asked

    def _judged(self, found: Fetch | None, wanted: _Wanted) -> _Allowed:
        """What this permission may read now; the checks stand in the order in which refusals are told."""
        permission = wanted.permission
        if found is None or wanted.lending not in permission.lendings:
            raise UnknownLending
        row = found.lending
        if row.client_id != permission.client_id:
            raise UnknownLending
        match state_of(row, self._clock.now()):
            case LendingState.DELETED:
                raise DocumentGone(row.ended_at)
            case LendingState.TAKEN_BACK:
                raise LendingTakenBack(row.ended_at)
            case LendingState.RETURNED:
                raise LendingOver(row.ended_at)
            case LendingState.OVER:
                raise LendingOver(row.until)
            case LendingState.USED_UP if not found.entry:
                raise ReadsUsedUp
            case _:
                pass
        if not found.entry:
            self._check_sign_in(row.document_type, permission)
        if found.rendition is None or found.owner_key is None:
            raise RenditionPending if found.preview == Preview.PENDING else UnknownRendition
        return _Allowed(found=found, rendition=found.rendition, owner_key=found.owner_key)

    def _check_sign_in(self, document_type: str, permission: Permission) -> None:
        wanted = self._types.sign_in(document_type)
        oldest = None if wanted.max_age is None else self._clock.now() - timedelta(seconds=wanted.max_age)
        strong = not wanted.acr or wanted.acr in permission.acrs
        recent = oldest is None or (permission.auth_time is not None and permission.auth_time >= oldest)
        if not (strong and recent):
            raise SignInTooWeak(wanted.acr, wanted.max_age)

    def _begin(self, tx: Transaction, allowed: _Allowed, wanted: _Wanted) -> _Begun:
        row, lending, token = allowed.rendition, allowed.found.lending.id, wanted.permission.token_id
        first, last = wanted.byte_range.within(row.length) if wanted.byte_range else (0, row.length - 1)
        entry = allowed.found.entry
        begins = False
        if not entry:
            entry = self._traces.new_entry_id()
            begins = reads.begin(
                tx,
                token_id=token,
                version=row.version,
                rendition=row.rendition,
                lending=lending,
                entry=entry,
                now=self._clock.now(),
            )
            if begins:
                self._count(tx, allowed, wanted, EntryId(entry))
            else:  # another request of this token was first, just now
                entry = reads.entry_of(tx, token, row.version, row.rendition) or ""
        if not begins and not allowed.found.joined:
            reads.join(tx, token, row.version, row.rendition)
        return _Begun(allowed=allowed, entry=EntryId(entry), first_request=begins, first=first, last=last)

    def _count(self, tx: Transaction, allowed: _Allowed, wanted: _Wanted, entry: EntryId) -> None:
        found, row = allowed.found, allowed.found.lending
        if not lendings.use_one(tx, row.id):
            reads.undo(tx, entry, row.id)
            raise ReadsUsedUp  # another token took the last one, just now
        self._traces.begun(tx, replace(found, entry=entry), wanted.permission, wanted.rendition, wanted.agent)
        if not row.reads_used:
            self._notices.document_read(tx, OwnerId(row.owner), LendingId(row.id))

    def _opened(self, permission: Permission, begun: _Begun, asked: Asked | None) -> ReadAnswer:
        def gave_nothing() -> None:
            if begun.first_request:
                self._undo(permission, begun)

        allowed = begun.allowed
        try:
            with translated():
                key = self._keys.open(allowed.owner_key, begun.entry)
                chunks = self._objects.read(allowed.rendition, key, begun.first, begun.last, asked=asked)
        except Refusal as refusal:
            log.warning("read_failed", reason=refusal.code)
            gave_nothing()
            raise
        return _answer(allowed, begun.first, begun.last, ReadContent(chunks, gave_nothing))

    def _undo(self, permission: Permission, begun: _Begun) -> None:
        found = begun.allowed.found
        with self._database.transaction() as tx:
            if reads.undo(tx, begun.entry, found.lending.id):
                lendings.give_one_back(tx, found.lending.id)
                self._traces.failed(tx, found, permission, begun.entry)


def _told(presented: Presented, refusal: ReadRefusal) -> Exception:
    """What is raised for a refusal that was written down: of a sign-in that doesn't do, what would (RFC 9470 §3)."""
    if isinstance(refusal, SignInTooWeak):
        return Challenged(presented.stronger(refusal.acr, refusal.max_age))
    return refusal


def _answer(allowed: _Allowed, first: int, last: int, content: ReadContent | None = None) -> ReadAnswer:
    return ReadAnswer(
        lending=LendingId(allowed.found.lending.id),
        rendition=allowed.rendition.rendition,
        document_type=allowed.found.lending.document_type,
        media_type=allowed.rendition.media_type,
        length=allowed.rendition.length,
        first=first,
        last=last,
        content=content,
    )
