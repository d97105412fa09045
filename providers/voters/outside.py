"""The one way by which text from outside enters a prompt: cleaned, cut, stamped with its source, fenced.

Nothing else may put outside text into a prompt; a test reads the code for it. Inside the fence all of it is
JSON on one line whose angle brackets are written out, and no text has a backslash, which could be read as the
end of a line: so no text can close the fence or begin a line, nor seem to do so.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

import orjson

OPENING, CLOSING = "<brief>", "</brief>"
# Control, format (zero-width, bidi, tags), surrogates, private use, unassigned.
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
# Letters and marks that show nothing: fillers, joiners, variation selectors, the blank of Braille.
BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {
    chr(code) for code in (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
}
CUT = " [cut]"
# One letter may become eighteen when it is written out; more than this is not looked at.
LOOKED_AT = 4
MOST_LETTERS = 2_000
MOST_IN_A_NAME = 80
# What names a market stands outside the fence, too: as a choice in the ballot's schema.
SYMBOL = re.compile(r"[A-Z0-9]{1,20}/[A-Z0-9]{1,20}")


def clean(text: str, *, limit: int) -> str:
    """Return *text* as one line of at most *limit* letters that all show: NFKC, nothing unseen in it.

    Text that is cut says so at its end. Cleaning twice changes nothing more.
    """
    if len(text) <= limit and text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    known = unicodedata.normalize("NFKC", text[: LOOKED_AT * limit])
    seen = "".join(_seen(letter) for letter in known)
    line = " ".join(unicodedata.normalize("NFKC", seen).split())
    if len(line) <= limit and len(text) <= LOOKED_AT * limit:
        return line
    return line[: limit - len(CUT)].rstrip() + CUT


def fence(data: Mapping[str, object]) -> str:
    """Return *data* as compact JSON inside the fence, every text in it clean and of bounded length."""
    written = orjson.dumps(_clean(data), option=orjson.OPT_UTC_Z).decode()
    fenced = written.replace("<", "\\u003c").replace(">", "\\u003e")
    return f"{OPENING}\n{fenced}\n{CLOSING}"


def is_symbol(text: str) -> bool:
    """Say whether *text* can only be read as the name of a market, also where no fence stands around it."""
    return SYMBOL.fullmatch(text) is not None


def _clean(value: object) -> object:
    if isinstance(value, str):
        return _plain(value, limit=MOST_LETTERS)
    if isinstance(value, Mapping):
        return {_plain(str(name), limit=MOST_IN_A_NAME): _clean(item) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_clean(item) for item in value]
    return value


def _plain(text: str, *, limit: int) -> str:
    """Return *text* clean and without backslashes: a model undoes escapes that JSON's reader lets be."""
    return clean(text, limit=limit).replace("\\", "/")


def _seen(letter: str) -> str:
    if letter.isspace():
        return " "
    return "" if unicodedata.category(letter) in UNSEEN or letter in BLANK else letter
