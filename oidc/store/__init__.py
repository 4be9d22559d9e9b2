"""Rows of the provider. One statement a function, `tx` first, frozen rows out."""
