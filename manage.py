#!/usr/bin/env python
"""Run Thalas's commands: `manage.py up`, `consensus`, `scan`, `runs`, `run`, `doctor`."""

import os
import sys

from django.core.management import execute_from_command_line

from thalas import memory
from thalas.env import EnvironmentProblems
from thalas.supervision.errors import SupervisionError


def main() -> None:
    """Run the command line; a broken environment or folder is told in lines, not in a traceback."""
    memory.collect_seldom()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thalas.settings")
    try:
        execute_from_command_line(sys.argv)
    except (EnvironmentProblems, SupervisionError) as problems:
        sys.stderr.write(f"{problems}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted. A run that is open goes on; `manage.py runs` shows it.\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
