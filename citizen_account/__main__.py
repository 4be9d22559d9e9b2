"""`citizen-account`, also as `python -m citizen_account`."""

from __future__ import annotations

import resource
import sys

from citizen_account.cli import commands


def main() -> None:
    """Run the command line. What can be foreseen to go wrong is one sentence on standard error and exit code 1."""
    # Papers and keys pass through memory: neither we nor what we start leaves it in a core file.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        commands(prog_name="citizen-account")
    except Exception as error:
        from citizen_account.cli import installation  # noqa: PLC0415 -- what works needs none of it
        from config import breakdowns  # noqa: PLC0415 -- as above

        sentence = breakdowns.sentence(error, installation.settings)
        if sentence is None:
            raise
        sys.stderr.write(f"{sentence}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
