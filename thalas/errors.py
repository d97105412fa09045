"""What Thalas refuses, cut by what the caller can do about it.

ThalasError
├── BadInput      the question is wrong: field, value and what would be right are named
├── NotFound      there is nothing by that name
└── NotPossible   the thing exists, and its state does not allow what was asked
"""


class ThalasError(Exception):
    """The base of every refusal; its text is one sentence for the person who asked."""


class BadInput(ThalasError):
    """A field of a question cannot be used."""

    def __init__(self, field: str, value: object, instead: str) -> None:
        super().__init__(f"{field}={value!r} cannot be used: {instead}")
        self.field = field
        self.value = value
        self.instead = instead


class NotFound(ThalasError):
    """There is nothing by that name."""


class NotPossible(ThalasError):
    """The state of things does not allow what was asked."""
