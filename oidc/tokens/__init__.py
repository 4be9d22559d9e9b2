"""Tokens: what they say, how they are bound to a key, and when they still stand."""
