"""The embedded object store: SeaweedFS as a child on loopback, with credentials of its own.

For `citizen-account run` and the tests; a city runs a cluster or another S3. What the binary needs was measured:
every port must be set or two instances collide, `-ip` must be set or it names itself by another address, and
telemetry is on unless it is turned off.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config import ports
from config.errors import ConfigurationError
from config.identifiers import Randomness, new_id, new_secret

HOST = "127.0.0.1"
SERVERS = ("master", "volume", "filer", "admin", "s3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What signs requests to the embedded store."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedStore:
    """A store that was started: the child, where it answers, and with which credentials."""

    process: subprocess.Popen[bytes]
    servers: Mapping[str, int]
    """The port of each of its servers, to start it again where others look for it."""
    credentials: Credentials

    @property
    def port(self) -> int:
        """Where it speaks S3."""
        return self.servers["s3"]

    @property
    def endpoint_url(self) -> str:
        """The address of its S3 service."""
        return f"http://{HOST}:{self.port}"

    def answers(self) -> bool:
        """Whether it accepts connections; False as well after it died."""
        return self.process.poll() is None and ports.answers(self.port)


def binary() -> str:
    """The path of `weed`, beside this Python or on the PATH.

    Raises `ConfigurationError` with the mend when there is none.
    """
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        message = "SeaweedFS (weed) is missing. Install the locked packages again: rm -rf .venv && make run"
        raise ConfigurationError(message)
    return found


def credentials(folder: Path, randomness: Randomness) -> Credentials:
    """The credentials kept in `folder`/s3.json (mode 0600), made at the first start."""
    path = folder / "s3.json"
    if not path.exists():
        made = {"accessKey": new_id(randomness), "secretKey": new_secret(randomness)}
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        text = json.dumps({"identities": [{"name": "app", "credentials": [made], "actions": actions}]})
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
    kept = json.loads(path.read_text())["identities"][0]["credentials"][0]
    return Credentials(access_key_id=kept["accessKey"], secret_access_key=kept["secretKey"])


def start(
    folder: Path,
    randomness: Randomness,
    *,
    log: Path,
    before_exec: Callable[[], None] | None = None,
    servers: Mapping[str, int] | None = None,
) -> EmbeddedStore:
    """Start the store on its data in `folder`; it answers about a second later.

    log: what it prints goes there, appended. before_exec: run in the child (to bind its life to ours). servers: the
    ports of a store that ended, to start it again in the same place; None chooses free ones.
    Raises `ConfigurationError` when the binary is missing.
    """
    folder = folder.resolve()
    kept = credentials(folder, randomness)
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    chosen = dict(servers or zip(SERVERS, ports.free(len(SERVERS)), strict=True))
    options = [f"-{server}.port={port}" for server, port in chosen.items()]
    options += [f"-{server}.port.grpc={port + ports.GRPC_OFFSET}" for server, port in chosen.items()]
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 -- the binary is ours, the arguments are
            [
                binary(),
                "mini",
                f"-dir={data}",
                f"-ip={HOST}",
                f"-ip.bind={HOST}",
                f"-s3.config={folder / 's3.json'}",
                "-admin.ui=false",
                "-webdav=false",
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
                "-s3.iam=false",
                "-master.telemetry=false",
                "-filer.localSocket=filer.sock",
                "-s3.localSocket=s3.sock",
                *options,
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env={"HOME": str(folder)},
            preexec_fn=before_exec,  # noqa: PLW1509 -- only callers without threads of their own pass one
            start_new_session=True,
        )
    return EmbeddedStore(process=process, servers=chosen, credentials=kept)
