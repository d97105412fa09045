"""What can keep the processes of one Thalas from being started, each in one sentence for a person.

SupervisionError
├── AlreadyRunning     another supervisor holds this run folder; stop it first
├── PortBusy           somebody listens there already; choose another port
├── NotWritable        a folder cannot be written; change its rights or name another
├── BrokerMissing      there is no Valkey program for this machine
└── FolderNotOurs      the folder for the broker's socket belongs to someone else
"""


class SupervisionError(Exception):
    """The base of everything this package raises on purpose."""


class AlreadyRunning(SupervisionError):
    """Another supervisor holds the run folder; *pid* is None where it could not be read."""

    def __init__(self, message: str, *, pid: int | None) -> None:
        super().__init__(message)
        self.pid = pid


class PortBusy(SupervisionError):
    """A port that a process needs cannot be listened on."""


class NotWritable(SupervisionError):
    """A folder cannot be created or written."""


class BrokerMissing(SupervisionError):
    """No Valkey or Redis program can be run here."""


class FolderNotOurs(SupervisionError):
    """A folder that must be private belongs to another user or is a link."""
