"""The OpenID provider: clients, grants, tokens, keys. Knows people as subject ids."""
