"""Page pictures: made once after a deposit, by a job, in a caged child; kept encrypted like the papers themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol

from audit.entries import ActorKind
from config.clock import Clock
from config.database import Database
from config.jobs import Payload
from vault.content.media_types import MediaType
from vault.content.previews import PAGE_MEDIA_TYPE, PreviewState, Rendered
from vault.documents.opening import Opened, Opener, Opening, translated
from vault.documents.views import Preview
from vault.encryption.keys import OwnerKeys
from vault.encryption.objects import EncryptedObjects
from vault.encryption.owner_key import Paper
from vault.errors import DocumentChanged, UnknownDocument
from vault.protocols import OwnerId
from vault.store import intents, owner_keys, renditions, versions
from vault.store.versions import VersionRow

MAX_PICTURES: Final = 20
"""Pages of a paper that get a picture."""
_JOB: Final = Opener(actor="vault.make_pictures", actor_kind=ActorKind.JOB, what="preview")


class Renders(Protocol):
    """`vault.content.previews.Previews`."""

    def render(self, chunks: Iterable[bytes], media_type: MediaType, *, max_pages: int) -> Rendered:
        """Pictures of the first pages."""


@dataclass(frozen=True, slots=True)
class MakePictures(Payload):
    """A version waits for its page pictures."""

    kind: ClassVar[str] = "vault.make_pictures"
    version: str


def page_rendition(number: int) -> str:
    """The name of the picture of page `number`, counted from 1."""
    return f"page-{number}"


class Pictures:
    """Makes page pictures."""

    def __init__(
        self,
        *,
        database: Database,
        opening: Opening,
        keys: OwnerKeys,
        objects: EncryptedObjects,
        previews: Renders,
        clock: Clock,
    ) -> None:
        """previews: draws in the cage."""
        self._database = database
        self._opening = opening
        self._keys = keys
        self._objects = objects
        self._previews = previews
        self._clock = clock

    def make(self, payload: MakePictures) -> None:
        """Make the pictures of a version; nothing when they are there, or the version is gone. Can be repeated."""
        with self._database.reading() as tx:
            version = versions.get(tx, payload.version)
        if version is None or version.preview != Preview.PENDING:
            return
        try:
            opened = self._opening.open(version.owner, version.document, "original", _JOB)
        except UnknownDocument:
            return  # deleted since
        if opened.rendition.version != version.id:
            return  # replaced since: nobody looks at the old one
        rendered = self._previews.render(opened.chunks, MediaType(version.media_type), max_pages=MAX_PICTURES)
        self._keep(version, opened, rendered)

    def _keep(self, version: VersionRow, opened: Opened, rendered: Rendered) -> None:
        pages = rendered.pages if rendered.state is PreviewState.READY else ()
        names = [self._objects.new_name() for _ in pages]
        if names:
            with self._database.transaction() as tx:
                intents.add(tx, names, self._clock.now())
        stored = [
            self._objects.write(name, self._paper(version, number), [page])
            for number, (name, page) in enumerate(zip(names, pages, strict=True), start=1)
        ]
        with translated():
            key = self._keys.opened(OwnerId(version.owner), opened.entry)
        rows = [one.row(key, PAGE_MEDIA_TYPE, self._clock) for one in stored]
        with self._database.transaction() as tx:
            if owner_keys.hold_newest(tx, version.owner) != key.id:
                raise DocumentChanged("owner key replaced meanwhile")  # the job is tried again
            state = Preview.READY if pages else Preview.NOT_PREVIEWABLE
            reason = rendered.reason or ""
            if versions.set_preview(
                tx,
                version.id,
                Preview.PENDING,
                preview=state,
                preview_reason=reason,
                pages=rendered.page_count,
                pictures=len(pages),
            ):
                # Else the paper was deleted, or another worker was first: the sweep takes these objects.
                renditions.add(tx, rows)
                intents.end(tx, names)

    @staticmethod
    def _paper(version: VersionRow, number: int) -> Paper:
        return Paper(document=version.document, version=version.id, rendition=page_rendition(number))
