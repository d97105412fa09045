"""Secrets from files: `NAME_FILE` names a file that holds NAME, as Docker and Kubernetes hand secrets out.

Besides whole values there are DATABASE_PASSWORD_FILE and REDIS_PASSWORD_FILE, which fill
the password into a URL without one. A problem names the variable and the file, never what is in it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

from pydantic import BaseModel, SecretStr

from thalas.env_safety import KNOWN_PASSWORDS

SECRETS = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL")
PASSWORDS = {"DATABASE_PASSWORD": "DATABASE_URL", "REDIS_PASSWORD": "REDIS_URL"}
SUFFIX = "_FILE"
SECRET_NAME = re.compile(r"(KEY|SECRET|PASSWORD|TOKEN|AUTH|CREDENTIALS?)$")
# Longer than any secret: a wrong path may lead to a log of gigabytes.
AT_MOST_BYTES = 65_536
LONG_FOR_A_WORD = 16


def read_files(given: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return *given* with every secret that lies in a file put in its place, and the problems met."""
    values, problems = dict(given), []
    for variable in sorted(filter(_is_a_file_s_name, given)):
        name = variable.removesuffix(SUFFIX)
        path = values.pop(variable)
        if name in given:
            problems.append(f"{variable} and {name} are both set; keep one")
            continue
        try:
            values[name] = _content(Path(path))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            problems.append(f"{variable}={path!r}: {reason}")
    for name, url in PASSWORDS.items():
        if f"{name}{SUFFIX}" in given and name in values:
            problems += _fill_in(values, url, f"{name}{SUFFIX}", password=values.pop(name))
    return values, problems


def known(settings: Iterable[BaseModel]) -> frozenset[str]:
    """Return what must be shown nowhere of *settings*: keys, passwords, and what a path may hold of a token.

    Passwords that everybody knows are left out: they guard nothing, and are ordinary words.
    """
    values = [value for one in settings for _, value in one]
    secrets = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
    found = {part for secret in secrets for part in (_within(secret) if "://" in secret else (secret,))}
    found |= {token for value in values if isinstance(value, str) for token in tokens(value)}
    return frozenset(found - KNOWN_PASSWORDS - {""})


def called_so(given: Mapping[str, str]) -> frozenset[str]:
    """Return the values of variables whose names say that they are secrets, other programs' and tools' too.

    Of one that is NAME:PASSWORD, as Flower's is, the password alone. A path tells where a secret lies, and
    is what tracebacks are full of.
    """
    named = (value for name, value in given.items() if SECRET_NAME.search(name) and value[:1] != "/")
    return frozenset(value.rpartition(":")[2] for value in named) - KNOWN_PASSWORDS


def tokens(url: str) -> list[str]:
    """Return the parts of an address's path that are no words: gateways take tokens there."""
    _host, *parts = re.split(r"[/?#]", url.partition("://")[2])
    return [part for part in parts if _is_no_word(part)]


def may_be_shown(address: str) -> bool:
    """Say whether *address* holds neither password nor token, and is no key that was put into its place."""
    is_key = "://" not in address and _is_no_word(address)
    return {"@", "?", "#"}.isdisjoint(address) and not is_key and not tokens(address)


def _is_no_word(part: str) -> bool:
    return len(part) >= LONG_FOR_A_WORD and re.search(r"\d", part) is not None


def _within(url: str) -> Iterator[str]:
    """Yield the passwords in *url*, as they are and as they are written there."""
    parts = urlsplit(url)
    for password in (
        parts.password or "",
        *(value for name, value in parse_qsl(parts.query) if "pass" in name),
    ):
        yield from (password, unquote(password), quote(unquote(password), safe=""))


def _is_a_file_s_name(variable: str) -> bool:
    name = variable.removesuffix(SUFFIX)
    return variable.endswith(SUFFIX) and (name in (*SECRETS, *PASSWORDS) or name.endswith("_API_KEY"))


def _content(path: Path) -> str:
    with path.open("rb") as file:
        raw = file.read(AT_MOST_BYTES + 1)
    if len(raw) > AT_MOST_BYTES:
        raise ValueError(f"holds more than {AT_MOST_BYTES} bytes, which is no secret")
    try:
        text = raw.decode().strip()
    except UnicodeDecodeError:
        # Its own text shows a byte of the secret.
        raise ValueError("is not text in UTF-8") from None
    if not text:
        raise ValueError("is empty")
    return text


def _fill_in(values: dict[str, str], name: str, variable: str, *, password: str) -> list[str]:
    if name not in values:
        return [f"{variable} is set without {name}, into which it belongs"]
    try:
        parts = urlsplit(values[name])
        already = parts.password
    except ValueError:
        return []  # told about the URL itself
    if already:
        return [f"{name} has a password, and {variable} is set; keep one"]
    user, at, host = parts.netloc.rpartition("@")
    netloc = f"{user.removesuffix(':') if at else ''}:{quote(password, safe='')}@{host}"
    values[name] = urlunsplit(parts._replace(netloc=netloc))
    return []
