"""A process as chatty as one can be: `python -m tests.processes.chatty MODULE WORDS…` runs that module.

Every logger is at DEBUG, those too that ours keep quiet, and a library of somebody else's has logged the
whole environment before, in words and in a traceback.
"""

import logging
import os
import runpy
import sys

import django

from providers import http  # noqa: F401
from thalas import logs

SAID = "the worst library there is"


def babble() -> None:
    """Log everything that this process knows."""
    loud = logging.getLogger("somebody.else")
    for name, value in os.environ.items():
        loud.warning("%s: %s=%s", SAID, name, value)
    try:
        int(str(dict(os.environ)))
    except ValueError:
        loud.exception(SAID)


def main() -> None:
    """Turn everything up, then run the module that the command line names."""
    logs.QUIET = ()
    django.setup()
    for name in ("httpx", "httpcore"):  # `http` has made them quiet as it was imported
        logging.getLogger(name).setLevel(logging.NOTSET)
    babble()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
