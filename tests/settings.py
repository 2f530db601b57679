"""The product's settings under the values of `settings.env`, whatever the shell or a `.env` says.

`TEST_DATABASE_URL` lets the tests of rows run on another database than SQLite.
"""

import os
import tempfile
from pathlib import Path

from tests.environment import names

for name in names():
    os.environ.pop(name, None)
os.environ["ENV_FILE"] = str(Path(__file__).with_name("settings.env"))
_OWN = os.environ.get("PYTEST_XDIST_WORKER", "alone")  # what others count at the same time is not ours
os.environ["TRACKING_METRICS_FOLDER"] = str(
    Path(tempfile.gettempdir()) / f"tracking-tests-{os.getuid()}" / "metrics" / _OWN
)
if "TEST_DATABASE_URL" in os.environ:
    os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]

from config.settings import *  # noqa: E402, F403 - they read the environment made above
