"""Entries about the ledger itself, about jobs and commands: acts on the house."""

from __future__ import annotations

from dataclasses import dataclass

from audit.entries.entry import Entry, clear, kind


@kind("ledger_searched")
@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSearched(Entry):
    """An auditor looked: names of the filters used; `pseudonym` when one person was looked at; `reason` is a code."""

    filters: str = clear()
    pseudonym: str = clear()
    reason: str = clear()


@kind("ledger_opened")
@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerOpened(Entry):
    """A person looked at what the ledger says of them: their ledger keys were opened, for a minute."""


@kind("ledger_exported")
@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerExported(Entry):
    """An auditor took a bundle out: indices from `first` up to, without, `end`."""

    first: str = clear()
    end: str = clear()


@kind("readable_parts_erased")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReadablePartsErased(Entry):
    """Readable parts are missing from here on purpose: reason (term, closing, lost) and index range [first, end).

    `origin` is the log that they are in when it is an earlier one.
    """

    reason: str = clear()
    first: str = clear()
    end: str = clear()
    origin: str = clear()


@kind("log_opened")
@dataclass(frozen=True, slots=True, kw_only=True)
class LogOpened(Entry):
    """The first entry of a log; a successor names its predecessor's last checkpoint (origin, size, root in hex)."""

    predecessor: str = clear()
    predecessor_size: str = clear()
    predecessor_root: str = clear()


@kind("job_run")
@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun(Entry):
    """A job that opened keys or erased: the cause its unwraps name."""

    job: str = clear()


@kind("command_run")
@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRun(Entry):
    """An operator's command that changed or showed something; `actor` is the operating-system user, for all auditors.

    That is no account: sealed, nobody could ever read it.
    """

    actor: str = clear()
    command: str = clear()


@kind("job_retried")
@dataclass(frozen=True, slots=True, kw_only=True)
class JobRetried(Entry):
    """An operator began a job again that had failed for good; `job` is its kind."""

    job: str = clear()
