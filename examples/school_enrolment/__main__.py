"""`python -m examples.school_enrolment PORT`: what `make run` starts, with the credentials it registered."""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path

from werkzeug.serving import run_simple

given = Path(os.environ["SCHOOL_CREDENTIALS"])
kept = json.loads(given.read_text())
os.environ["CITY_CLIENT_ID"] = kept["client_id"]
os.environ["CITY_CLIENT_SECRET"] = kept["client_secret"]

from examples.school_enrolment.app import app  # noqa: E402 -- reads the environment

logging.getLogger("werkzeug").setLevel(logging.WARNING)
run_simple("127.0.0.1", int(sys.argv[1]), app, threaded=True)
