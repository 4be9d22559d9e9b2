"""The vault's doors for machines: they take access tokens, never cookies."""
