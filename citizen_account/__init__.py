"""Everything a person sees: accounts, ways to sign in, pages, the app factory, the command line."""
