"""Text from outside, made safe to show: to a model inside a fence, to a person, to a terminal."""

import unicodedata

# Control, format (zero-width, bidi, tags), surrogates, private use, unassigned.
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
# Letters and marks that show nothing: fillers, joiners, variation selectors, the blank of Braille.
BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {
    chr(code) for code in (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
}
CUT = " [cut]"
# One letter may become eighteen when it is written out; more than this is not looked at.
LOOKED_AT = 4


def clean(text: str, *, limit: int) -> str:
    """Return *text* as one line of at most *limit* letters that all show: NFKC, nothing unseen in it.

    Text that is cut says so at its end. Cleaning twice changes nothing more.
    """
    known = unicodedata.normalize("NFKC", text[: LOOKED_AT * limit])
    seen = "".join(_seen(letter) for letter in known)
    line = " ".join(unicodedata.normalize("NFKC", seen).split())
    if len(line) <= limit and len(text) <= LOOKED_AT * limit:
        return line
    return line[: limit - len(CUT)].rstrip() + CUT


def _seen(letter: str) -> str:
    if letter.isspace():
        return " "
    return "" if unicodedata.category(letter) in UNSEEN or letter in BLANK else letter
