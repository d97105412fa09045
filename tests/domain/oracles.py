"""Brute-force consensus arithmetic from the specification's words alone, to compare with the real one.

Everything is exact (fractions) and counted the slow way. Where the words leave a gap, the reading is this:
- no vote cast at all is NO_DECISION, whatever the quorum says
- a share of nothing is 0: the agreement when all scores are 0, the confidence of a side nobody
  supports or whose supporters weigh nothing
- after a tie, agreement and confidence are those of HOLD, the side chosen; after a minimum that was not
  reached they stay those of the side that would have won, for they are the reason
- a chance of 0 in a pooled distribution counts as 1e-9, and one of 1 as 1 - 1e-9
- an average that misses two tenths by 1e-12 has reached them: 0.3 / 1.5 is no less than 0.2
- n_eff counts the voters' own weights, also where a method changes them
- "within 1e-9" is the plain difference of two scores, 1e-9 included; a minimum reached exactly is reached
"""

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import TypedDict

ACTIONS = ("BUY", "SELL", "HOLD")
TIE = Fraction(1e-9)  # the float of that name, which is a little more than a billionth
THETA = Fraction(2, 10)
FACTORS = {"low": Fraction(1), "medium": Fraction(85, 100), "high": Fraction(6, 10)}
DIGITS = 60

Vote = tuple[str, float, float]


class Outcome(TypedDict):
    """decision; winner before the minimums (None without quorum); scores; shares in [0, 1]; counts."""

    decision: str
    winner: str | None
    scores: dict[str, float]
    agreement: float
    confidence: float
    supporters: int
    participating: int
    total: int


def default_quorum(panel: int) -> int:
    """Return half of *panel*, rounded up, by counting."""
    needed = 0
    while needed + needed < panel:
        needed += 1
    return needed


def weighted_majority(
    votes: list[Vote], panel: int, quorum: int, min_confidence: float, min_agreement: float
) -> Outcome:
    """Return the outcome for cast votes of (action, weight, confidence), abstentions left out."""
    side = largest({side: score(votes, side) for side in ACTIONS})
    return concluded(
        votes,
        side,
        confidence_of(votes, side),
        panel,
        quorum,
        Fraction(min_confidence),
        Fraction(min_agreement),
    )


def confidence_average(
    votes: list[Vote], panel: int, quorum: int, min_confidence: float, min_agreement: float
) -> Outcome:
    """Return the outcome where BUY counts upward and SELL downward, and two tenths of the weight decide."""
    pull, weight = Fraction(0), Fraction(0)
    for action, its_weight, confidence in votes:
        weight += Fraction(its_weight)
        if action == "BUY":
            pull += Fraction(its_weight) * Fraction(confidence)
        if action == "SELL":
            pull -= Fraction(its_weight) * Fraction(confidence)
    mean = share(pull, weight)
    enough = THETA - Fraction(1, 10**12)
    side = "BUY" if mean >= enough else "SELL" if mean <= -enough else "HOLD"
    return concluded(
        votes,
        side,
        confidence_of(votes, side),
        panel,
        quorum,
        Fraction(min_confidence),
        Fraction(min_agreement),
    )


def risk_adjusted(
    votes: list[Vote],
    risks: list[str],
    panel: int,
    quorum: int,
    min_confidence: float,
    min_agreement: float,
) -> Outcome:
    """Return the weighted majority once each weight is cut by its vote's own risk level."""
    cut = [
        (action, float(Fraction(weight) * FACTORS[risk]), confidence)
        for (action, weight, confidence), risk in zip(votes, risks, strict=True)
    ]
    return weighted_majority(cut, panel, quorum, min_confidence, min_agreement)


def log_opinion_pool(
    votes: list[Vote],
    voters: float,
    panel: int,
    quorum: int,
    min_confidence: float,
    min_agreement: float,
) -> Outcome:
    """Return the outcome where distributions are multiplied, each to its share of the *voters* that count."""
    pooled = pool(votes, voters)
    side = largest(pooled)
    return concluded(
        votes, side, pooled[side], panel, quorum, Fraction(min_confidence), Fraction(min_agreement)
    )


def one_voter_one_vote(actions: list[str], quorum: int) -> str:
    """Return what most of *actions* say; HOLD where two are the most."""
    if not actions or len(actions) < quorum:
        return "NO_DECISION"
    for side in ACTIONS:
        if all(actions.count(side) > actions.count(other) for other in ACTIONS if other != side):
            return side
    return "HOLD"


def pool(votes: list[Vote], voters: float) -> dict[str, Fraction]:
    """Return the product of the votes' distributions, multiplied out with sixty digits."""
    weight = sum((Fraction(vote[1]) for vote in votes), Fraction(0))
    products = dict.fromkeys(ACTIONS, Decimal(1))
    with localcontext() as context:
        context.prec, context.Emin, context.Emax = DIGITS, -(10**9), 10**9
        for action, its_weight, confidence in votes:
            power = decimal(share(Fraction(its_weight), weight) * Fraction(voters))
            sure = min(max(Fraction(confidence), TIE), 1 - TIE)
            for side in ACTIONS:
                chance = sure if side == action else (1 - sure) / 2
                products[side] *= decimal(chance) ** power
        whole = sum(products.values(), Decimal(0))
        return {side: Fraction(products[side] / whole) for side in ACTIONS}


def decimal(number: Fraction) -> Decimal:
    """Return *number* to as many digits as there are now."""
    return Decimal(number.numerator) / Decimal(number.denominator)


def concluded(
    votes: list[Vote],
    winner: str,
    confidence: Fraction,
    panel: int,
    quorum: int,
    min_confidence: Fraction,
    min_agreement: Fraction,
) -> Outcome:
    """Return the outcome that the side *winner* becomes: quorum first, then both minimums."""
    cast = len(votes)
    scores = {side: score(votes, side) for side in ACTIONS}
    outcome = Outcome(
        decision="NO_DECISION",
        winner=None,
        scores={side: float(scores[side]) for side in ACTIONS},
        agreement=0.0,
        confidence=0.0,
        supporters=0,
        participating=cast,
        total=panel,
    )
    if cast == 0 or cast < quorum:
        return outcome
    agreement = share(scores[winner], sum(scores.values(), Fraction(0)))
    outcome["winner"] = winner
    outcome["agreement"] = float(agreement)
    outcome["confidence"] = float(confidence)
    outcome["supporters"] = len([vote for vote in votes if vote[0] == winner])
    is_enough = confidence >= min_confidence and agreement >= min_agreement
    outcome["decision"] = winner if is_enough else "HOLD"
    return outcome


def score(votes: list[Vote], side: str) -> Fraction:
    """Return S(a), the sum of weight x confidence over the votes for one action."""
    total = Fraction(0)
    for action, weight, confidence in votes:
        if action == side:
            total += Fraction(weight) * Fraction(confidence)
    return total


def largest(scores: dict[str, Fraction]) -> str:
    """Return the action with the largest score, HOLD if another comes within 1e-9 of it."""
    for side in ACTIONS:
        others = [scores[other] for other in ACTIONS if other != side]
        if all(scores[side] - other > TIE for other in others):
            return side
    return "HOLD"


def confidence_of(votes: list[Vote], side: str) -> Fraction:
    """Return the supporters' weighted mean confidence x (0.7 + 0.3 x supporters / cast)."""
    supporters = [vote for vote in votes if vote[0] == side]
    weight = sum((Fraction(vote[1]) for vote in supporters), Fraction(0))
    mean = share(score(votes, side), weight)
    if not votes:
        return Fraction(0)
    return mean * (Fraction(7, 10) + Fraction(3, 10) * Fraction(len(supporters), len(votes)))


def n_eff(weights: list[float], rho: list[list[float]]) -> float:
    """Return the effective number of voters: the squared sum of w over the sum of all wi x wj x rho[i][j]."""
    total = Fraction(0)
    together = Fraction(0)
    for i in range(len(weights)):
        total += Fraction(weights[i])
        for j in range(len(weights)):
            together += Fraction(weights[i]) * Fraction(weights[j]) * Fraction(rho[i][j])
    return float(share(total * total, together))


def share(part: Fraction, whole: Fraction) -> Fraction:
    """Return part / whole, 0 where the whole is 0."""
    return part / whole if whole != 0 else Fraction(0)
