"""Presigned GETs (S3, AWS Signature Version 4 in the query string): the one signature that a read needs.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html, steps 1 to 4. boto3's own presigner
answers the same after endpoint rules, validation and events, at some twenty times the cost (docs/performance.md).
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final
from urllib.parse import quote, urlsplit

from botocore.credentials import Credentials

from config.clock import Clock
from config.errors import ObjectStoreError

ALGORITHM: Final = "AWS4-HMAC-SHA256"
SECONDS: Final = 60
"""How long a URL holds: it is used at once."""
_UNRESERVED: Final = "-_.~"


class Presigner:
    """Signs reads of one S3 service, addressed by path."""

    def __init__(self, endpoint_url: str, region: str, credentials: Credentials | None, clock: Clock) -> None:
        """credentials: asked anew for each URL, so that those that expire are renewed. clock: the machine's."""
        parts = urlsplit(endpoint_url)
        self._host = parts.netloc
        self._root = parts.path.rstrip("/")
        self._region = region
        self._credentials = credentials
        self._clock = clock
        self._kept: tuple[str, str, bytes] = ("", "", b"")

    def get(self, bucket: str, name: str) -> str:
        """Path and query of a GET that this service answers within `SECONDS`; headers stay unsigned, `Host` apart.

        Raises `ObjectStoreError` when there are no credentials.
        """
        if self._credentials is None:
            message = "no S3 credentials"
            raise ObjectStoreError(message)
        signer = self._credentials.get_frozen_credentials()
        if not signer.access_key or not signer.secret_key:
            message = "no S3 credentials"
            raise ObjectStoreError(message)
        moment = f"{self._clock.now():%Y%m%dT%H%M%SZ}"
        scope = f"{moment[:8]}/{self._region}/s3/aws4_request"
        path = quote(f"{self._root}/{bucket}/{name}", safe=f"/{_UNRESERVED}")
        query = _query(f"{signer.access_key}/{scope}", moment, signer.token)
        request = f"GET\n{path}\n{query}\nhost:{self._host}\n\nhost\nUNSIGNED-PAYLOAD"  # 1
        signed = f"{ALGORITHM}\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"  # 2
        key = self._key(signer.secret_key, moment[:8])
        return f"{path}?{query}&X-Amz-Signature={_mac(key, signed).hex()}"  # 4

    def _key(self, secret: str, day: str) -> bytes:
        """Step 3; the same for a whole day."""
        kept = self._kept
        if kept[:2] != (secret, day):
            key = f"AWS4{secret}".encode()
            for part in (day, self._region, "s3", "aws4_request"):
                key = _mac(key, part)
            self._kept = kept = (secret, day, key)
        return kept[2]


def _query(credential: str, moment: str, token: str | None) -> str:
    """Every parameter but the signature, in the order in which they are signed: that of their names."""
    parameters = {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": credential,
        "X-Amz-Date": moment,
        "X-Amz-Expires": str(SECONDS),
        **({"X-Amz-Security-Token": token} if token else {}),
        "X-Amz-SignedHeaders": "host",
    }
    return "&".join(f"{name}={quote(value, safe=_UNRESERVED)}" for name, value in parameters.items())


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
