"""What was decided on one symbol: the decision, the consensus behind it, and every risk check."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from thalas import figures, models
from thalas.dashboard.badges import Badge, badge
from thalas.dashboard.parts import Bar, Fact, bar
from thalas.selectors.readings import Reading

# Outcomes of checks: those that refuse or cut, the gravest first, and those that need no attention.
LOUD = ("failed", "not_computable", "resized")
QUIET = ("passed", "not_applicable")
SAID = {"passed": "passed", "not_applicable": "do not apply"}


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """What one action gathered."""

    action: Badge
    votes: int
    score: Bar


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One risk check."""

    code: str
    outcome: Badge
    value: str
    limit: str
    message: str


@dataclass(frozen=True, slots=True)
class CheckGroup:
    """Checks that need no attention, folded under one line."""

    summary: str
    caption: str
    checks: tuple[CheckRow, ...]


@dataclass(frozen=True, slots=True)
class OtherRow:
    """What a method that was not chosen makes of the same votes."""

    method: str
    outcome: Badge
    confidence: str
    agreement: str
    arithmetic: str


@dataclass(frozen=True, slots=True)
class Ruling:
    """The decision on one symbol.

    order  what could be ordered; empty without a size
    loud   the checks that object or cut, the gravest first; *quiet* are all others, in the order they ran
    """

    outcome: Badge
    verdict: Badge
    order: str
    reason: str
    is_degraded: bool
    arithmetic: str
    scores: tuple[ScoreRow, ...]
    facts: tuple[Fact, ...]
    others: tuple[OtherRow, ...]
    checks_told: str
    loud: tuple[CheckRow, ...]
    quiet: tuple[CheckGroup, ...]


def ruling(leg: models.DecisionLeg, others: Sequence[Reading] = ()) -> Ruling:
    """Return the ruling that *leg* stores, and what *others* make of its votes."""
    return Ruling(
        outcome=badge(leg.outcome),
        verdict=badge(leg.verdict),
        order=_order(leg),
        reason=figures.plain(leg.verdict_reason),
        is_degraded=leg.is_degraded,
        arithmetic=figures.plain(leg.arithmetic),
        scores=_scores(leg),
        facts=_facts(leg),
        others=tuple(
            OtherRow(
                method=other.method.value,
                outcome=badge(other.outcome),
                confidence=f"{other.confidence:.2f}",
                agreement=f"{other.agreement:.2f}",
                arithmetic=other.arithmetic,
            )
            for other in others
        ),
        checks_told=_counted(leg),
        loud=tuple(row for outcome in LOUD for row in _checks(leg, outcome)),
        quiet=tuple(_groups(leg)),
    )


def _counted(leg: models.DecisionLeg) -> str:
    """Return how many checks there were, and how many of each outcome."""
    counts = Counter(str(check["outcome"]) for check in leg.checks)
    ranks = {outcome: rank for rank, outcome in enumerate((*LOUD, *QUIET))}
    found = sorted(counts, key=lambda outcome: ranks.get(outcome, len(ranks)))
    told = ", ".join(f"{counts[outcome]} {_word(outcome)}" for outcome in found)
    return f"{len(leg.checks)} checks: {told}." if told else "There are no checks."


def _word(outcome: str) -> str:
    return figures.plain(outcome).replace("_", " ")


def _groups(leg: models.DecisionLeg) -> Iterator[CheckGroup]:
    """Yield what is not loud: an outcome that nobody knows, and then those that need no attention."""
    odd = {str(check["outcome"]) for check in leg.checks} - {*LOUD, *QUIET}
    for outcome in (*sorted(odd), *QUIET):
        rows = _checks(leg, outcome)
        if rows:
            said = SAID.get(outcome, f"came out as {_word(outcome)}")
            caption = f"Checks on {leg.symbol} that {said}, in the order they ran"
            yield CheckGroup(f"{len(rows)} {_word(outcome)}", caption, rows)


def _checks(leg: models.DecisionLeg, outcome: str) -> tuple[CheckRow, ...]:
    return tuple(
        CheckRow(
            code=figures.plain(check["code"]),
            outcome=badge(check["outcome"]),
            value=figures.reading(check["value"]),
            limit=figures.reading(check["limit"]),
            message=figures.plain(check["message"]),
        )
        for check in leg.checks
        if check["outcome"] == outcome
    )


def levels(leg: models.DecisionLeg | None) -> dict[str, float]:
    """Return the price levels that were decided, by name."""
    if leg is None:
        return {}
    decided = {"stop": leg.stop, "target": leg.target}
    return {name: float(level) for name, level in decided.items() if level is not None}


def _order(leg: models.DecisionLeg) -> str:
    if not leg.size_usd:
        return ""
    told = [f"{figures.usd(leg.size_usd)} on the {leg.decision.run.account_id} account"]
    told += [f"{name} {figures.price(level)}" for name, level in levels(leg).items()]
    return ", ".join(told)


def _scores(leg: models.DecisionLeg) -> tuple[ScoreRow, ...]:
    total = sum(leg.scores.values())
    return tuple(
        ScoreRow(badge(action), leg.counts.get(action, 0), bar(score, total, f"{score:.2f}"))
        for action, score in sorted(leg.scores.items(), key=lambda item: (-item[1], item[0]))
    )


def _facts(leg: models.DecisionLeg) -> tuple[Fact, ...]:
    return (
        Fact("confidence, uncalibrated", f"{leg.confidence:.2f}"),
        Fact("agreement", f"{leg.agreement:.2f}"),
        Fact("independent voters (n_eff)", f"{leg.n_eff:.2f} of {sum(leg.counts.values())} voters"),
        Fact("one voter, one vote", leg.baseline or figures.NOTHING),
        Fact("highest risk level", leg.risk_level or figures.NOTHING),
        Fact("stop", figures.price(leg.stop)),
        Fact("target", figures.price(leg.target)),
        Fact("size asked for", figures.usd(leg.requested_usd)),
        Fact("size allowed", figures.usd(leg.size_usd)),
    )
