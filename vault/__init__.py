"""The documents: intake, encryption, storage, lending. Knows people as owner ids."""
