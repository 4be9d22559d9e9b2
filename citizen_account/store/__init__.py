"""Rows of accounts, addresses, credentials, sign-ins, mailed links and roles."""
