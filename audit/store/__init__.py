"""The ledger's rows. Opened by this room only."""
