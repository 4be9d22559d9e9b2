"""The ground: what every room stands on. Opening the rings makes a first root where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from config.clock import Clock
from config.database import Database
from config.identifiers import Randomness
from config.jobs import Jobs
from config.key_ring import KeyRing
from config.key_ring.kinds import open_rings
from config.mail import LocalMailbox, Mailer, NoMailer, SmtpMailer
from config.object_store import ObjectStore
from config.rate_limits import RateLimits
from config.settings import Settings

RINGS = ("vault", "ledger", "provider")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What every room is given."""

    settings: Settings
    clock: Clock
    randomness: Randomness
    backup_window: timedelta
    database: Database
    jobs: Jobs
    rings: Mapping[str, KeyRing]
    """By the names in RINGS."""
    papers: ObjectStore
    live: ObjectStore
    """The ledger's."""
    archive: ObjectStore
    """The ledger's."""
    mailer: Mailer
    local_mailbox: LocalMailbox | None
    """Only under `run`."""
    rate_limits: RateLimits


def build_ground(settings: Settings, clock: Clock, randomness: Randomness) -> Ground:
    """Raises `ConfigurationError` when a ring can't be opened or the mail's settings are wrong."""
    database = Database(settings.database)
    jobs = Jobs(database, clock, randomness)
    rings = open_rings(settings, RINGS, clock, randomness)
    papers = ObjectStore(settings.s3, settings.s3.papers_bucket)
    mailbox = LocalMailbox(settings.data_dir / "mailbox", clock, randomness) if settings.mail.local_mailbox else None
    return Ground(
        settings=settings,
        clock=clock,
        randomness=randomness,
        backup_window=timedelta(days=settings.backup_window_days),
        database=database,
        jobs=jobs,
        rings=rings,
        papers=papers,
        live=papers.beside(settings.s3.ledger_bucket),
        archive=papers.beside(settings.s3.ledger_archive_bucket),
        mailer=_mailer(settings, mailbox, clock, randomness),
        local_mailbox=mailbox,
        rate_limits=RateLimits(database, clock),
    )


def _mailer(settings: Settings, mailbox: LocalMailbox | None, clock: Clock, randomness: Randomness) -> Mailer:
    url = settings.mail.smtp_url.get_secret_value()
    if url:
        return SmtpMailer(url, settings.mail.sender, clock, randomness, ca_file=settings.mail.ca_file)
    return mailbox or NoMailer()
