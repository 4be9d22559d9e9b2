"""What machines reach of the ledger."""
