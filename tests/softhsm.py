"""SoftHSM: a real PKCS#11 library whose tokens lie in a folder of the test session."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

LIBRARY = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "84-river-61"
TOKENS = ("city", "guarded", "chosen", "house")
"""`city` is shared, `guarded` is for wrong PINs (a login is the whole process's), the others for one test each."""


@dataclass(frozen=True, slots=True)
class SoftHSM:
    """The tokens of one folder. The library reads it from the environment, once in a process."""

    folder: Path

    def begin(self) -> None:
        tokens = self.folder / "tokens"
        tokens.mkdir()
        configuration = self.folder / "softhsm2.conf"
        configuration.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
        os.environ["SOFTHSM2_CONF"] = str(configuration)
        for label in TOKENS:
            call = ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", f"so-{PIN}"]
            subprocess.run(call, check=True, capture_output=True)
