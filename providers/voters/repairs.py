"""What a complete answer says that does not keep to the ballot's form: read as it stands, never guessed.

Frames around the ballot are taken off, single quotes made double, and words and numbers put into the
ballot's own form. No number comes out that is not written in the answer, alone or as a percentage.
"""

import re
from collections.abc import Iterator

from providers.voters import strict_json

# Longer than any ballot; what follows looks at each character in turn.
MAX_TEXT = 200_000
# How far from a single quote a bracket, comma or colon is looked for.
NEAR = 20
NUMBER = re.compile(r"[+-]?(\d{1,15}(?:\.\d{1,15})?)\s*(%?)")
NUMERIC = ("confidence", "stop_loss", "take_profit")
ACTIONS = {
    "BUY": ("buy", "long", "strong buy", "go long"),
    "SELL": ("sell", "short", "strong sell", "go short"),
    "HOLD": ("hold", "neutral", "wait", "stay flat"),
    "ABSTAIN": ("abstain", "no opinion"),
}
RISKS = {"low": ("low",), "medium": ("medium", "moderate"), "high": ("high",)}
WORDS = {
    "action": {word: action for action, words in ACTIONS.items() for word in words},
    "risk_level": {word: level for level, words in RISKS.items() for word in words},
}


def read(text: str) -> object:
    """Return the ballot that *text* holds, in the ballot's form as far as it can be brought there.

    Raises:  NotStrict if it holds none, or more than one.
    """
    if len(text) > MAX_TEXT:
        raise strict_json.NotStrict("it is not JSON")
    found = _parsed(_inner(text))
    votes = found.get("votes") if isinstance(found, dict) and len(found) == 1 else found
    if isinstance(votes, dict):
        votes = [votes]
    if not isinstance(votes, list) or not votes:
        raise strict_json.NotStrict("it is no list of votes")
    return {"votes": [_vote(vote) if isinstance(vote, dict) else vote for vote in votes]}


def _parsed(text: str) -> object:
    try:
        return strict_json.loads(text)
    except strict_json.NotStrict:
        return strict_json.loads(_well_formed(text))


def _inner(text: str) -> str:
    """Return the one object or list in *text*, without what is said around it."""
    # Brackets in what is said around it are no ballots: a ballot has an action.
    pieces = [piece for piece in _pieces(text) if "action" in piece]
    if len(pieces) != 1:
        raise strict_json.NotStrict("it holds more than one ballot" if pieces else "it is not JSON")
    return pieces[0]


def _pieces(text: str) -> Iterator[str]:
    """Yield every outermost piece in brackets."""
    held: list[str] = []
    for token, depth in _tokens(text):
        if depth or held:
            held.append(token)
        if held and not depth:
            yield "".join(held)
            held = []


def _well_formed(text: str) -> str:
    """Return *text* with double quotes, escaped line ends, and no comma before a closing bracket."""
    parts, outside = [], ""
    for token, _ in _tokens(text):
        if len(token) == 1:
            outside += token
            continue
        parts += [_outside(outside), _requoted(token)]
        outside = ""
    return "".join([*parts, _outside(outside)])


def _outside(text: str) -> str:
    return re.sub(r",(\s*[}\]])", r"\1", re.sub(r"\bNone\b", "null", text))


def _requoted(token: str) -> str:
    inner = token[1:-1]
    if token[0] == "'":
        inner = re.sub(r'(?<!\\)"', r"\"", inner.replace("\\'", "'"))
    return '"' + inner.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    """Yield each character, a quoted word inside of brackets as one, with the depth of brackets after it."""
    depth, place = 0, 0
    while place < len(text):
        character = text[place]
        end = place + 1
        if depth and (character == '"' or (character == "'" and _starts_word(text, place))):
            end = _end_of_word(text, place)
        elif character in "{[":
            depth += 1
        elif character in "}]" and depth:
            depth -= 1
        yield text[place:end], depth
        place = end


def _end_of_word(text: str, start: int) -> int:
    """Return where the quoted word that begins at *start* is over."""
    place = start + 1
    while place < len(text):
        if text[place] == "\\":
            place += 1
        elif text[place] == text[start] and (text[start] == '"' or _ends_word(text, place)):
            return place + 1
        place += 1
    return len(text)


def _starts_word(text: str, place: int) -> bool:
    return text[max(0, place - NEAR) : place].rstrip()[-1:] in ("{", "[", ",", ":")


def _ends_word(text: str, place: int) -> bool:
    return text[place + 1 : place + 1 + NEAR].lstrip()[:1] in ("}", "]", ",", ":")


def _vote(vote: dict[str, object]) -> dict[str, object]:
    said: dict[str, object] = {"stop_loss": None, "take_profit": None, **vote}
    for name, words in WORDS.items():
        word = said.get(name)
        if isinstance(word, str):
            said[name] = words.get(re.sub(r"[\s_-]+", " ", word.strip().lower()), word)
    for name in NUMERIC:
        number = said.get(name)
        if isinstance(number, str):
            said[name] = _number(number, is_share=name == "confidence")
    return said


def _number(text: str, *, is_share: bool) -> object:
    """Return the number that *text* is, a percentage only as a share of one; else *text* itself."""
    found = NUMBER.fullmatch(text.strip())
    if found is None or (found[2] and not is_share):
        return text
    return float(text.strip().rstrip("%")) / (100 if found[2] else 1)
