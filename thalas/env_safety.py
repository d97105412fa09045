"""What Thalas refuses to start with: secrets that everybody knows, doors that stand open."""

from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

# Django's own measure for a good key (security.W009), with nothing left for `check --deploy` to say.
KEY_LENGTH = 50
KEY_LETTERS = 10
KNOWN_KEYS = ("django-insecure-", "changeme", "change-me", "change_me")
KNOWN_PASSWORDS = {
    "admin",
    "changeme",
    "change-me",
    "guest",
    "password",
    "postgres",
    "redis",
    "root",
    "secret",
    "thalas",
    "valkey",
}


def check_key(key: str) -> None:
    """Raise ValueError if *key* can be guessed."""
    if len(key) < KEY_LENGTH:
        raise ValueError(
            f"is too short; give at least {KEY_LENGTH} random characters, or leave it out on one machine"
        )
    if len(set(key)) < KEY_LETTERS or key.lower().startswith(KNOWN_KEYS):
        raise ValueError("is no secret; make one with `openssl rand -hex 32`")


def check_database(url: str) -> None:
    """Raise ValueError if *url* has a password that everybody tries first, and is not on this machine."""
    parts = urlsplit(url)
    _ = parts.port  # raises ValueError for one that is no number
    if not _is_here(parts.hostname):
        check_password(parts.password)


def check_broker(url: str) -> None:
    """Raise ValueError if whoever reaches the broker at *url* can write into its queues."""
    parts = urlsplit(url)
    if parts.scheme == "redis+socket":
        return
    _ = parts.port
    if _is_here(parts.hostname):
        return
    if not parts.password:
        raise ValueError("has no password, and the broker is not on this machine")
    check_password(parts.password)


def check_hosts(hosts: str) -> None:
    """Raise ValueError if *hosts* let in requests by every name, which is what the list is there to stop."""
    if any(host.strip() in ("*", ".") for host in hosts.split(",")):
        raise ValueError("must name the hosts; * would answer to every name")


def public_origin(url: str) -> str:
    """Return *url* as a browser names the origin of its requests.

    Raises:  ValueError unless it is https and nothing but a name, perhaps with a port.
    """
    parts = urlsplit(url)
    port, name = parts.port, parts.hostname or ""
    rest = (parts.path.strip("/"), parts.query, parts.fragment, parts.username, parts.password)
    if parts.scheme != "https" or not name or any(rest) or set(name) & set("*:,"):
        raise ValueError("must be https://NAME or https://NAME:PORT, as people write it in their browser")
    return f"https://{name}" if port in (None, 443) else f"https://{name}:{port}"


def check_link(url: str) -> None:
    """Raise ValueError unless *url* may stand in a page: http or https, without a password."""
    parts = urlsplit(url)
    _ = parts.port
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        raise ValueError("must be an http(s) address without a user or password in it")


def check_password(password: str | None) -> None:
    """Raise ValueError if *password* is one that everybody tries first; None will do."""
    if password is not None and unquote(password).lower() in KNOWN_PASSWORDS:
        raise ValueError("has a password that everybody tries first; make one with `openssl rand -hex 32`")


def _is_here(host: str | None) -> bool:
    """Say whether *host* is this machine; none means a Unix socket."""
    if host is None or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
