"""A paper comes in."""

from vault.intake.receiving import Intake

__all__ = ["Intake"]
