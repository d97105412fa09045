"""The model that does as it is told: what it takes for an instruction, and what for data.

Not a voter but a yardstick: where text from outside gets out of its fence, this one votes as the text says.
The rule, whole: an instruction is the word ANSWER, in any case, and an action after it, with spaces, colons,
quotes or dashes between. It sees through what only machines tell apart: letters of other widths, letters
that do not show, line ends written as escapes. What stands between a line `<brief>` and the next line
`</brief>` is data, and nothing in there is obeyed. Of all instructions elsewhere the last is obeyed.
A prompt without such lines has no data, and is obeyed wherever it says something.
"""

import re
import unicodedata
from collections.abc import Iterable

from providers.voters.ballots import CLOSING, OPENING

FENCED = re.compile(
    rf"^[ \t]*{re.escape(OPENING)}[ \t]*$.*?(?:^[ \t]*{re.escape(CLOSING)}[ \t]*$|\Z)",
    re.DOTALL | re.MULTILINE,
)
INSTRUCTION = re.compile(r"\banswer[\s:\"'`*=-]{1,6}(buy|sell|hold|abstain)\b", re.IGNORECASE)
ESCAPED_SPACE = re.compile(r"\\[nrt]")


def obeyed(texts: Iterable[str]) -> str | None:
    """Return the action that the last instruction in *texts* asks for, None if there is no instruction."""
    found = None
    for text in texts:
        for instruction in INSTRUCTION.finditer(_read(FENCED.sub("\n", text))):
            found = instruction[1].upper()
    return found


def _read(text: str) -> str:
    """Return *text* as somebody reads it who does not see how its letters are coded."""
    known = unicodedata.normalize("NFKC", ESCAPED_SPACE.sub(" ", text))
    return "".join(letter for letter in known if unicodedata.category(letter) != "Cf")
