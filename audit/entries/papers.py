"""Entries about papers: deposited, opened, lent, read, deleted."""

from __future__ import annotations

from dataclasses import dataclass

from audit.entries.entry import Entry, Term, clear, kind, sealed


@kind("document_deposited", Term.EXCHANGE)
@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDeposited(Entry):
    """A version was stored. Its commitment lets `ledger verify --vault` find a row rolled back."""

    document_type: str = clear()
    document: str = sealed()
    version: str = sealed()
    length: str = sealed()
    ciphertext_sha256: str = sealed()


@kind("document_opened")
@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentOpened(Entry):
    """Its owner (or who acts for them, or a job) opened a paper.

    `what` is original, preview, takeout, or descriptions: the labels and file names of all of them.
    """

    document_type: str = clear()
    what: str = clear()
    document: str = sealed()
    version: str = sealed()


@kind("document_deleted", ends=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDeleted(Entry):
    """A paper, its keys and its description are gone here; from backups with the root version."""

    document_type: str = clear()
    document: str = sealed()
    root_version: str = sealed()


@kind("document_lent", Term.EXCHANGE)
@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLent(Entry):
    """The citizen lent one version to one client. `until` is seconds since 1970."""

    client: str = clear()
    document_type: str = clear()
    purpose: str = clear()
    legal_basis: str = clear()
    until: str = clear()
    document: str = sealed()
    version: str = sealed()
    lending: str = sealed()
    grant: str = sealed()


@kind("lending_taken_back", Term.EXCHANGE, ends=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class LendingTakenBack(Entry):
    """A lending ended before its date."""

    client: str = clear()
    document_type: str = clear()
    purpose: str = clear()
    lending: str = sealed()


@kind("document_read", Term.EXCHANGE)
@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRead(Entry):
    """One read: one (token id, version, rendition), committed before its first byte. `agent` is Acting-Agent."""

    client: str = clear()
    document_type: str = clear()
    purpose: str = clear()
    legal_basis: str = clear()
    rendition: str = clear()
    document: str = sealed()
    version: str = sealed()
    lending: str = sealed()
    grant: str = sealed()
    agent: str = sealed()
    token: str = sealed()


@kind("read_failed", Term.EXCHANGE)
@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFailed(Entry):
    """A read that was written down gave no byte: it does not count. `read` is that entry's id."""

    client: str = clear()
    document_type: str = clear()
    purpose: str = clear()
    lending: str = sealed()
    read: str = sealed()


@kind("read_refused", Term.EXCHANGE)
@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRefused(Entry):
    """An authenticated client was refused a paper; merged by minute. `reason` is the refusal's code."""

    client: str = clear()
    document_type: str = clear()
    purpose: str = clear()
    reason: str = clear()
    lending: str = sealed()


@kind("agreement_recorded", ends=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementRecorded(Entry):
    """The person agreed (or no longer agrees) that the house reads their papers for previews (CPCE L103 4°)."""

    agreed: str = clear()
    owner: str = sealed()


@kind("owner_key_replaced")
@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerKeyReplaced(Entry):
    """A new owner key: what stayed was rewrapped, the old one destroyed."""

    reason: str = clear()
