"""How papers are encrypted: the stream format, owner keys, and objects written and read under them."""
