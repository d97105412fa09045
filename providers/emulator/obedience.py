"""The model that does as it is told: what it takes for an instruction, and what for data.

Not a voter but a yardstick: where text from outside gets out of its fence, this one votes as the text says,
wholly sure. The rule, whole: what stands between a line that reads `<brief>` and the next line that reads
`</brief>` is data, and nothing in there is obeyed; everywhere else the last command is (`commands`), in
whatever disguise it comes (`readings`). A line reads so to this model whatever its letters' width, case,
alphabet or escapes are: whoever gets a line into the fence that only looks like its end, gets out.
A prompt without such lines has no data, and is obeyed wherever it says something.
"""

from collections.abc import Iterable
from functools import lru_cache

from providers.emulator import commands
from providers.emulator.readings import LOOKALIKES, readings, unescaped
from providers.voters.ballots import CLOSING, OPENING


def obeyed(texts: Iterable[str], *, knows_fence: bool = True) -> str | None:
    """Return the action that the last instruction in *texts* asks for, None if there is no instruction.

    knows_fence  False for a model to which nothing is data
    """
    found = None
    for text in texts:
        found = _told(text, knows_fence=knows_fence) or found
    return found


@lru_cache(maxsize=64)
def _told(text: str, *, knows_fence: bool) -> str | None:
    """Return what *text* tells; instructions are the same in every call, and read once."""
    plain = unescaped(text)
    told = outside_of_fences(plain) if knows_fence else plain
    return next(filter(None, map(commands.last, readings(told))), None)


def outside_of_fences(text: str) -> str:
    """Return the lines of *text* that stand in no fence."""
    is_data, kept = False, []
    for line in text.splitlines():
        mark = _mark(line)
        if mark == (CLOSING if is_data else OPENING):
            is_data = not is_data
        elif not is_data:
            kept.append(line)
    return "\n".join(kept)


def _mark(line: str) -> str:
    """Return *line* as it has to be read to tell whether it is one of the fence's: short, or it is none."""
    if len(line) > LONGEST_MARK:
        return ""
    return "".join(commands.folded(line.translate(LOOKALIKES)).split())


# A mark with a hidden letter or two after each of its own; what is longer is not taken for one.
LONGEST_MARK = 80
