"""`/.well-known/oauth-protected-resource/vault`: where to get tokens for the vault (RFC 9728 §3.1)."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, jsonify


def blueprint(
    public_url: str, vault_url: str, *, dpop_algorithms: Sequence[str], certificates: bool = False
) -> Blueprint:
    """The protected resource's metadata. vault_url: `Settings.vault_url`, the `resource` and the tokens' audience.

    dpop_algorithms: what a proof of possession may be signed with; the provider judges it (RFC 9449 §5.1).
    certificates: tokens may be bound to the client's certificate here (RFC 8705 §3).
    """
    made = Blueprint("vault_metadata", __name__)

    def metadata() -> Response:
        """GET: public, the same for everyone."""
        response = jsonify(
            {
                "resource": vault_url,
                "authorization_servers": [public_url],
                "bearer_methods_supported": ["header"],
                "authorization_details_types_supported": ["document"],
                "dpop_signing_alg_values_supported": list(dpop_algorithms),
                "tls_client_certificate_bound_access_tokens": certificates,
                "resource_name": "Document vault",
            },
        )
        response.headers["Cache-Control"] = "max-age=300"
        return response

    made.add_url_rule("/.well-known/oauth-protected-resource/vault", "metadata", metadata, methods=["GET"])
    return made
