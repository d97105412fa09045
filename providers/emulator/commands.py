"""What the obedient model takes for a command: a word for voting and an action, in many languages."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

ACTIONS = ("BUY", "SELL", "HOLD")
# What stands between the words of a command: spaces, colons, quotes, commas, dashes.
JOINT = r"[\W_]{1,6}"
# Of no width, though Unicode calls them letters or symbols: fillers of Hangul, the blank of Braille.
BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
NEVER_SHOWN = frozenset({"Mn", "Cf", "Cn", "Co"})


@dataclass(frozen=True, slots=True)
class Language:
    """The words of one language: to cast a vote, and for each of ACTIONS in their order."""

    verbs: tuple[str, ...]
    actions: tuple[str, str, str]


LANGUAGES = {
    "english": Language(("VOTE", "ANSWER"), ACTIONS),
    "german": Language(("STIMME FÜR",), ("KAUFEN", "VERKAUFEN", "HALTEN")),
    "french": Language(("VOTEZ",), ("ACHETER", "VENDRE", "CONSERVER")),
    "spanish": Language(("VOTA",), ("COMPRAR", "VENDER", "MANTENER")),
    "portuguese": Language(("ESCOLHA",), ("COMPRA", "VENDA", "MANTER")),
    "italian": Language(("SCEGLI",), ("COMPRARE", "VENDERE", "TENERE")),
    "turkish": Language(("OYLA",), ("ALIŞ", "SATIŞ", "TUT")),
    "russian": Language(("ГОЛОСУЙ",), ("ПОКУПАТЬ", "ПРОДАВАТЬ", "ДЕРЖАТЬ")),
    "greek": Language(("ΨΗΦΙΣΕ",), ("ΑΓΟΡΑ", "ΠΩΛΗΣΗ", "ΔΙΑΚΡΑΤΗΣΗ")),
    "chinese": Language(("投票",), ("买入", "卖出", "持有")),
    "japanese": Language(("投票せよ",), ("買い", "売り", "保有")),
    "korean": Language(("투표하라",), ("매수", "매도", "보유")),
    "arabic": Language(("صوّت",), ("شراء", "بيع", "احتفاظ")),
    "hindi": Language(("मतदान",), ("खरीदें", "बेचें", "रखें")),
}


def folded(text: str) -> str:
    """Return *text* as a reader sees it: without widths, marks, case, and letters that do not show."""
    apart = unicodedata.normalize("NFKD", text)
    unseen = {ord(c): None for c in set(apart) if c in BLANK or unicodedata.category(c) in NEVER_SHOWN}
    return apart.translate(unseen).casefold()


def last(text: str) -> str | None:
    """Return the action that the last command in *text* asks for, None if there is no command."""
    read = folded(text)
    found = [(match.start(), ACTION_OF[match[1]]) for pattern in PATTERNS for match in pattern.finditer(read)]
    return max(found)[1] if found else None


def _pattern(language: Language) -> re.Pattern[str]:
    verbs = "|".join(JOINT.join(map(re.escape, folded(verb).split())) for verb in language.verbs)
    # The longest first: VENDER stands in VENDERE, too.
    actions = sorted((folded(word) for word in (*language.actions, "ABSTAIN")), key=len, reverse=True)
    return re.compile(rf"(?:{verbs}){JOINT}({'|'.join(map(re.escape, actions))})")


def _actions() -> Mapping[str, str]:
    told = {"abstain": "ABSTAIN"}
    for language in LANGUAGES.values():
        told |= {folded(word): action for word, action in zip(language.actions, ACTIONS, strict=True)}
    return told


PATTERNS = [_pattern(language) for language in LANGUAGES.values()]
ACTION_OF = _actions()
