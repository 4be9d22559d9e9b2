"""Imports every store, so that the metadata is whole: for migrations, and for the tests."""

from __future__ import annotations

# ruff: noqa: F401 -- imported for their tables
import audit.store.entries
import audit.store.log
import audit.store.people
import config.jobs
import config.rate_limits
