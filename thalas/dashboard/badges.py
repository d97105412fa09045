"""The word, the sign and the tone by which a state is known on every page; the word alone says it all."""

from dataclasses import dataclass

UP, DOWN, LEVEL, NONE, BAD, GOOD = "▲", "▼", "■", "○", "×", "✓"

LOOKS = {
    "BUY": ("up", UP),
    "SELL": ("down", DOWN),
    "HOLD": ("level", LEVEL),
    "NO_DECISION": ("odd", NONE),
    "approved": ("up", GOOD),
    "resized": ("level", GOOD),
    "vetoed": ("down", BAD),
    "no_order": ("quiet", NONE),
    "passed": ("up", GOOD),
    "failed": ("down", BAD),
    "invalid": ("down", BAD),
    "not_computable": ("down", BAD),
    "not_applicable": ("quiet", NONE),
    "missing": ("odd", NONE),
    "late": ("odd", NONE),
    "waived": ("quiet", NONE),
    "abstained": ("quiet", NONE),
    "open": ("busy", "…"),
    "expected": ("busy", "…"),
    "claimed": ("busy", "…"),
    "cancelled": ("odd", BAD),
}


@dataclass(frozen=True, slots=True)
class Badge:
    """A state in a word; *tone* is a class of the style sheet, *sign* an ornament."""

    word: str
    tone: str
    sign: str


def badge(state: str) -> Badge:
    """Return the badge of *state*; one that is not known is shown as it is."""
    tone, sign = LOOKS.get(state, ("quiet", ""))
    return Badge(word=state.replace("_", " "), tone=tone, sign=sign)
