"""The papers that a safe keeps, as their owner sees them: list, open, name, erase; and their page pictures."""

from vault.documents.erasing import Actor, Erasing, ReplaceOwnerKey
from vault.documents.opening import Opening
from vault.documents.pictures import MakePictures, Pictures
from vault.documents.safe import Documents
from vault.documents.views import (
    DocumentView,
    ErasureReceipt,
    LendingState,
    LendingView,
    OpenedDocument,
    Preview,
)

__all__ = [
    "Actor",
    "DocumentView",
    "Documents",
    "Erasing",
    "ErasureReceipt",
    "LendingState",
    "LendingView",
    "MakePictures",
    "OpenedDocument",
    "Opening",
    "Pictures",
    "Preview",
    "ReplaceOwnerKey",
]
