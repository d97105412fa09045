"""Ballots and rules for tests of the council's arithmetic, one by one and as hypothesis draws them."""

from hypothesis import strategies as st

from providers.voters.types import Action, RiskLevel
from thalas.domain.consensus import MAX_WEIGHT, Ballot, Rules

ACTIONS = list(Action)


def ballot(action: str, confidence: float, weight: float = 1.0, **more: object) -> Ballot:
    """Return a ballot; *more* are its other fields."""
    return Ballot(voter="v", action=Action(action), weight=weight, confidence=confidence, **more)  # type: ignore[arg-type]


def rules(panel: int, quorum: int = 1, **more: float) -> Rules:
    """Return rules; *more* are the minimums."""
    return Rules(panel=panel, quorum=quorum, **more)  # type: ignore[arg-type]


# Zero, or large enough that no product of the two vanishes in a float.
weights = st.just(0.0) | st.floats(1e-9, MAX_WEIGHT)
confidences = st.just(0.0) | st.floats(1e-9, 1)
ballots = st.builds(
    Ballot,
    voter=st.just("v"),
    action=st.sampled_from(ACTIONS),
    weight=weights,
    confidence=confidences,
    risk_level=st.sampled_from(list(RiskLevel)),
    stop=st.none() | st.floats(0.01, 1e6),
    target=st.none() | st.floats(0.01, 1e6),
    model=st.sampled_from(["", "a", "b"]),
    family=st.sampled_from(["", "analyst", "x", "y"]),
)
councils = st.lists(ballots, max_size=9)
