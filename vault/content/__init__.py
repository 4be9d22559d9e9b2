"""What a deposited file is, and pictures of it: recognition, its structure, page pictures made in a caged child."""
