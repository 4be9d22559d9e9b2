"""The caged child: a document on standard input, pixels on standard output.

Started with `python -I -S` and nothing of the house on its path but this folder, so that its start is short and what
a hostile document may find in its memory is little: no settings, no keys, no database. The order is in `main`.
"""
