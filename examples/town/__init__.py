"""A small town for `make demo`: invented citizens, their papers, what services did with them."""
