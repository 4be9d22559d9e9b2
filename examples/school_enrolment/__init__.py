"""The example e-service."""
