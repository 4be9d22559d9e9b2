"""Where the rooms meet: what oidc, vault and audit ask for by Protocol, answered by citizen_account."""
