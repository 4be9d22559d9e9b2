"""Programs beside the house: an e-service to copy, and the town of `make demo`."""
