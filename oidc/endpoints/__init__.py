"""What machines reach of the provider: one file an endpoint. No cookie is read here but through `SignIn`."""
