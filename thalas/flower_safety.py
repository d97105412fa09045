"""Flower shows what every task was asked and can stop workers: it does not start without a password.

Its usual is to listen on every address and to ask nobody, so whoever starts it by hand is told.
"""

import sys
from collections.abc import Sequence

import click

from thalas import env_safety

NAME = "flower"
HOW = "set FLOWER_BASIC_AUTH=NAME:PASSWORD in its environment"


def refuse_if_open() -> None:
    """End this process if it is a Flower that anybody may use; all others may go on."""
    context = click.get_current_context(silent=True)
    if context is None or context.info_name != NAME:
        return
    # Flower has put together its command line, environment and file by now; nobody else needs to load it.
    options = sys.modules["tornado.options"].options
    try:
        check(options.basic_auth, auth=options.auth)
    except ValueError as error:
        # Celery would log any other exception with its whole way through the code.
        sys.exit(f"Flower {error}")


def check(basic_auth: Sequence[str], *, auth: str) -> None:
    """Raise ValueError if whoever comes gets in.

    basic_auth  NAME:PASSWORD, any of which opens it
    auth        the pattern of people whom an OAuth provider lets in; with it there is no password of ours
    """
    if not basic_auth and not auth:
        raise ValueError(f"asks for no password; {HOW}")
    for login in basic_auth:
        name, _, password = login.partition(":")
        if not name or not password:
            raise ValueError(f"has a login without a name or a password; {HOW}")
        env_safety.check_password(password)
