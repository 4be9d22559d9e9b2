"""Lendings: a citizen lends one version of a paper to one client for one purpose, and the client reads it."""

from vault.lending.answers import ORIGINAL, ByteRange, ReadAnswer, ReadContent, etag_of
from vault.lending.asking import Asked
from vault.lending.holding import OpenSafe
from vault.lending.lendings import Lending

__all__ = ["ORIGINAL", "Asked", "ByteRange", "Lending", "OpenSafe", "ReadAnswer", "ReadContent", "etag_of"]
