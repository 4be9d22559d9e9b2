"""The bare part: boto3 on the same store, without our door; and the papers that both are given."""

from __future__ import annotations

import io
import time
from pathlib import Path

import boto3
from reportlab.pdfgen.canvas import Canvas

BUCKET = "bench"
LINES_A_PAGE = 60
BYTES_A_LINE = 90


class Bare:
    """boto3's own calls on the installation's store, in a bucket of their own."""

    def __init__(self, folder: Path) -> None:
        """folder: the installation's data, which say where its store is."""
        kept = dict(line.split("=", 1) for line in (folder / "embedded.env").read_text().splitlines())
        self._s3 = boto3.client(
            "s3",
            endpoint_url=kept["CITIZEN_ACCOUNT_S3_ENDPOINT_URL"],
            region_name="us-east-1",
            aws_access_key_id=kept["CITIZEN_ACCOUNT_S3_ACCESS_KEY_ID"],
            aws_secret_access_key=kept["CITIZEN_ACCOUNT_S3_SECRET_ACCESS_KEY"],
        )
        self._s3.create_bucket(Bucket=BUCKET)

    def put(self, content: bytes) -> str:
        """Store it under a new name; the name."""
        name = f"b{time.monotonic_ns()}"
        self._s3.put_object(Bucket=BUCKET, Key=name, Body=content)
        return name

    def get(self, name: str) -> bytes:
        """The whole object."""
        found: bytes = self._s3.get_object(Bucket=BUCKET, Key=name)["Body"].read()
        return found


def pdf(size: int) -> bytes:
    """A PDF of about that many bytes, in plain lines of text."""
    made = io.BytesIO()
    canvas = Canvas(made, pageCompression=0)
    line = "bench " * 12
    for at in range(size // BYTES_A_LINE):
        canvas.drawString(20, 800 - at % LINES_A_PAGE * 12, f"{at} {line}")
        if at % LINES_A_PAGE == LINES_A_PAGE - 1:
            canvas.showPage()
    canvas.save()
    return made.getvalue()
