"""The access ledger: append, prove, search. Knows events, nothing of papers, people or protocols."""
