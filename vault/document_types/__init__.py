"""The types of document and the purposes that papers may be asked for: data with sources, checked at start."""

from vault.document_types.periods import Period
from vault.document_types.purposes import AskedPaper, LegalBasis, Purpose, Purposes
from vault.document_types.types import GROUP_NAMES, DocumentType, DocumentTypes, Group, Sensitivity, SignInWanted
from vault.document_types.validity import NO_END, Freshness, PaperDates
from vault.document_types.words import Words

__all__ = [
    "GROUP_NAMES",
    "NO_END",
    "AskedPaper",
    "DocumentType",
    "DocumentTypes",
    "Freshness",
    "Group",
    "LegalBasis",
    "PaperDates",
    "Period",
    "Purpose",
    "Purposes",
    "Sensitivity",
    "SignInWanted",
    "Words",
]
