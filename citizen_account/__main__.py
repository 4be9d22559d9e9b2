"""`citizen-account`, also as `python -m citizen_account`."""

from __future__ import annotations

import resource
import sys

from citizen_account.cli import commands
from config.errors import ConfigurationError


def main() -> None:
    """Run the command line. A configuration that can't work is one sentence and exit code 1."""
    # Papers and keys pass through memory: neither we nor what we start leaves it in a core file.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        commands(prog_name="citizen-account")
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
