"""Secrets from files: `NAME_FILE` names a file that holds NAME, as Docker and Kubernetes hand secrets out.

Besides whole values there are DATABASE_PASSWORD_FILE and REDIS_PASSWORD_FILE, which fill
the password into a URL without one. A problem names the variable and the file, never what is in it.
"""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

SECRETS = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL")
PASSWORDS = {"DATABASE_PASSWORD": "DATABASE_URL", "REDIS_PASSWORD": "REDIS_URL"}
SUFFIX = "_FILE"
# Longer than any secret: a wrong path may lead to a log of gigabytes.
AT_MOST_BYTES = 65_536


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
