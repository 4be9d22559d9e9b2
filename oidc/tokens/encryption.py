"""Encrypting what a client registered to get encrypted: ID tokens and userinfo (OpenID Connect Core §10.2, RFC 7516).

A signed JWT is encrypted whole (nested, Core §16.14): who opens it still finds our signature.
"""

from __future__ import annotations

from joserfc import jwe, jwk

from oidc.clients import Client, ClientKeys
from oidc.errors import InvalidClient


class Encryption:
    """Encrypts to clients."""

    def __init__(self, client_keys: ClientKeys) -> None:
        """client_keys: where their public keys are found."""
        self._client_keys = client_keys

    def id_token(self, client: Client, signed: str) -> str:
        """The ID token as the client registered to get it. Outside any transaction. Raises `InvalidClient`."""
        alg = client.id_token_encrypted_response_alg
        return self._encrypted(client, signed, alg, client.id_token_encrypted_response_enc) if alg else signed

    def userinfo(self, client: Client, content: str, *, signed: bool) -> str:
        """Userinfo, a JWT or its JSON, as the client registered to get it. Raises as `id_token` does."""
        alg = client.userinfo_encrypted_response_alg
        enc = client.userinfo_encrypted_response_enc
        return self._encrypted(client, content, alg, enc, nested=signed) if alg else content

    def _encrypted(self, client: Client, content: str, alg: str, enc: str, *, nested: bool = True) -> str:
        for key in self._client_keys.of(client):
            if not _fits(key, alg):
                continue
            header = {
                "alg": alg,
                "enc": enc,
                **({"cty": "JWT"} if nested else {}),
                **({"kid": key.kid} if key.kid else {}),
            }
            return jwe.encrypt_compact(header, content.encode(), key, algorithms=[alg, enc])
        raise InvalidClient("the client has no key to encrypt to")


def _fits(key: jwk.Key, alg: str) -> bool:
    wanted = "RSA" if alg.startswith("RSA") else "EC"
    return key.key_type == wanted and key.get("use", "enc") == "enc" and key.get("alg", alg) == alg
