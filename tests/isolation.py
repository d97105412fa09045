"""Loaded before Django's settings: tests have a home of their own, and no key that lies in the shell.

With TEST_DATABASE=postgresql the database is a PostgreSQL cluster that is made
for this run in a temporary folder; otherwise it is SQLite.
"""

import atexit
import os
import shutil
import socket
import tempfile
from pathlib import Path

from dotenv import dotenv_values

from tests import clusters

ROOT = Path(__file__).resolve().parent.parent

HOME = Path(tempfile.mkdtemp(prefix="thalas-tests-"))
FOREIGN = ("_API_KEY", "_API_KEY_FILE", "_BASE_URL", "_MODEL")
OURS = (
    "DATABASE_URL",
    "DATABASE_PASSWORD",
    "REDIS_URL",
    "REDIS_PASSWORD",
    "SECRET_KEY",
    "USE_KEYS",
    "EMULATOR",
)


def _isolate() -> None:
    atexit.register(shutil.rmtree, HOME, ignore_errors=True)
    wanted = os.environ.get("TEST_DATABASE", "sqlite")
    for name in list(os.environ):
        is_ours = name.startswith("THALAS_") and name != "THALAS_FIXTURES"
        if is_ours or name.endswith(FOREIGN) or name.removesuffix("_FILE") in OURS:
            del os.environ[name]
    for name in dotenv_values(ROOT / ".env"):
        os.environ.setdefault(name, "")  # a blank variable of the shell hides the file's
    os.environ["THALAS_HOME"] = str(HOME)
    os.environ["THALAS_LOG_LEVEL"] = "WARNING"
    for name in (
        "THALAS_WEB_PORT",
        "THALAS_FLOWER_PORT",
        "THALAS_METRICS_PORT",
    ):  # a demo beside the tests listens on the usual ones
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            os.environ[name] = str(probe.getsockname()[1])
    if wanted == "postgresql":
        cluster = clusters.start(HOME / "cluster")
        atexit.register(cluster.stop)
        os.environ["DATABASE_URL"] = cluster.url


_isolate()
