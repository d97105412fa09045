"""Files of the environment that hold a list of tables, in TOML: read whole, every problem told at once."""

import difflib
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import BaseModel, ValidationError

MOST_BYTES = 1_000_000
LONGEST_NAME = 60


def read(
    path: Path, *, variable: str, of: str, number: Callable[[str], object] = float
) -> tuple[Sequence[object], list[str]]:
    """Return the `[[of]]` tables of the file that *variable* names, or what is wrong with the file.

    number  makes what has a point in it; Decimal keeps every digit
    """
    try:
        return _tables(path, of, number), []
    except OSError as error:
        return (), [f"{variable}={str(path)!r}: {error.strerror}"]
    except ValueError as error:
        return (), [f"{variable}={str(path)!r}: {error}"]


def is_a_name(text: str) -> bool:
    """Say whether *text* looks like a name, which can be shown, and not like something that was pasted."""
    return 0 < len(text) <= LONGEST_NAME and all(letter.isalnum() or letter in "_.-" for letter in text)


def told(error: ValidationError, table: type[BaseModel]) -> list[str]:
    """Return a line for each thing that is wrong with what should be a *table*; values are not shown."""
    known = [field.alias or name for name, field in table.model_fields.items()]
    items = error.errors(include_url=False, include_context=False, include_input=False)
    return [
        _line(str(item["loc"][0]) if item["loc"] else "", item["type"], item["msg"], known) for item in items
    ]


def _line(field: str, kind: str, why: str, known: Sequence[str]) -> str:
    if kind == "extra_forbidden":
        close = difflib.get_close_matches(field, known, n=1)
        hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"
        return f"{field if is_a_name(field) else 'a key'} is no setting here; {hint}"
    if kind in ("model_type", "model_attributes_type"):
        return "is no table; write its name in double square brackets above its lines"
    return (f"{field}: " if field else "") + why.removeprefix("Value error, ")


def _tables(path: Path, of: str, number: Callable[[str], object]) -> Sequence[object]:
    with path.open("rb") as file:
        raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise ValueError(f"holds more than {MOST_BYTES:,} bytes")
    try:
        content = tomllib.loads(raw.decode(), parse_float=number)
    except UnicodeDecodeError:
        raise ValueError("is not text in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"is not TOML: {error}") from None
    tables = content.pop(of, None)
    if content:
        raise ValueError(f"has {_names(content)} beside its [[{of}]] tables; nothing else is read")
    if not isinstance(tables, list) or not tables:
        raise ValueError(f"has no [[{of}]] table")
    return tables


def _names(content: dict[str, object]) -> str:
    return ", ".join(name if is_a_name(name) else "a key" for name in sorted(content))
