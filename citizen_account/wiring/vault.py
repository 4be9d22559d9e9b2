"""The vault: safes, their keys, papers that come in and papers that are lent."""

from __future__ import annotations

from dataclasses import dataclass

from citizen_account.adapters.notices import ReadNotices
from citizen_account.notifications import Notifications
from citizen_account.wiring.ground import Ground
from citizen_account.wiring.ledger import LedgerRoom
from config.settings import Catalogues
from vault.content.previews import Previews
from vault.document_types import DocumentTypes, Purposes
from vault.document_types.loading import PACKAGED
from vault.documents import Documents, Erasing, Opening, Pictures
from vault.encryption.keys import OwnerKeys
from vault.encryption.objects import EncryptedObjects
from vault.intake import Intake
from vault.lending import Lending


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultRoom:
    """What keeps papers and gives them out."""

    document_types: DocumentTypes
    purposes: Purposes
    owner_keys: OwnerKeys
    objects: EncryptedObjects
    erasing: Erasing
    documents: Documents
    pictures: Pictures
    intake: Intake
    lending: Lending


def build_vault(ground: Ground, ledger_room: LedgerRoom, notifications: Notifications) -> VaultRoom:
    """notifications: tell the owner of a read. Raises when a catalogue can't be read."""
    settings, database, clock, randomness = ground.settings, ground.database, ground.clock, ground.randomness
    ledger, jobs = ledger_room.ledger, ground.jobs
    types, purposes = _catalogues(settings.catalogues)
    owner_keys = OwnerKeys(database, ground.rings["vault"], clock, randomness)
    objects = EncryptedObjects(ground.papers, clock, randomness)
    opening = Opening(database, owner_keys, objects, ledger, clock)
    erasing = Erasing(owner_keys, ledger, jobs, clock, ground.backup_window)
    return VaultRoom(
        document_types=types,
        purposes=purposes,
        owner_keys=owner_keys,
        objects=objects,
        erasing=erasing,
        documents=Documents(
            database=database,
            keys=owner_keys,
            opening=opening,
            erasing=erasing,
            ledger=ledger,
            jobs=jobs,
            clock=clock,
        ),
        pictures=Pictures(
            database=database,
            opening=opening,
            keys=owner_keys,
            objects=objects,
            previews=Previews(clock=clock),
            clock=clock,
        ),
        intake=Intake(
            database=database,
            keys=owner_keys,
            objects=objects,
            erasing=erasing,
            document_types=types,
            ledger=ledger,
            jobs=jobs,
            clock=clock,
            randomness=randomness,
            max_bytes=settings.limits.max_document_bytes,
            max_documents=settings.limits.max_documents,
        ),
        lending=Lending(
            database=database,
            keys=owner_keys,
            objects=objects,
            opening=opening,
            document_types=types,
            purposes=purposes,
            ledger=ledger,
            notices=ReadNotices(notifications),
            clock=clock,
            randomness=randomness,
            vault_url=settings.vault_url,
        ),
    )


def _catalogues(given: Catalogues) -> tuple[DocumentTypes, Purposes]:
    """Those that come with the house and the city's own."""
    ours = [PACKAGED / "document_types.toml", *filter(None, [given.document_types])]
    types = DocumentTypes.load(ours, health_host=given.health_host)
    return types, Purposes.load(types, [PACKAGED / "purposes.toml", *filter(None, [given.purposes])])
