"""`python -m examples.kiosk PORT`."""

from __future__ import annotations

import logging
import sys

from werkzeug.serving import run_simple

from examples.kiosk.app import app

logging.getLogger("werkzeug").setLevel(logging.WARNING)
run_simple("127.0.0.1", int(sys.argv[1]), app, threaded=True)
