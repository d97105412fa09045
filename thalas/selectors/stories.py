"""A run as people read it: each symbol with its votes, its consensus, its checks, its decision."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from providers.errors import ErrorKind
from providers.voters.types import SymbolBrief
from thalas import local_llm, models
from thalas.domain import briefs, tallies
from thalas.errors import NotFound
from thalas.selectors import readings

WORDS = {
    models.Vote.State.EXPECTED: "waiting to be asked",
    models.Vote.State.CLAIMED: "is being asked",
    models.Vote.State.MISSING: "asked, but gave no answer before the run closed",
    models.Vote.State.WAIVED: "not waited for: no answer of it could have changed the outcome",
    models.Vote.State.LATE: "answered after the run had closed; kept, not counted",
}
NOT_ASKED = "no worker had asked it when the run closed"


@dataclass(frozen=True, slots=True)
class VoteLine:
    """One voter on one symbol.

    model       the model that answered; empty for voters that are none
    stance      cast, abstained, invalid, failed, missing, waived, late, expected or claimed
    action      the action of a cast vote, else empty
    why         reasoning, or what went wrong, in a line
    """

    voter: str
    model: str
    stance: str
    action: str
    confidence: float | None
    latency_ms: float | None
    cost_usd: Decimal
    why: str
    is_repaired: bool
    is_simulated: bool

    @property
    def is_wire_demo(self) -> bool:
        """Say whether this is the small local model's, which shows the wire and advises nobody."""
        return self.voter == local_llm.NAME

    @property
    def marks(self) -> tuple[str, ...]:
        """Return what people should know about the vote at a glance."""
        marks = {"simulated": self.is_simulated, "repaired": self.is_repaired}
        marks |= {local_llm.MARK: self.is_wire_demo}
        return tuple(mark for mark, applies in marks.items() if applies)

    @property
    def answer(self) -> str:
        """Return the action of a cast vote, and the stance of any other, so that none looks like another."""
        return self.action or self.stance


@dataclass(frozen=True, slots=True)
class LegStory:
    """One symbol of a run; *leg* is None until the run has closed with a decision.

    others  what methods that were not chosen make of the votes that were counted; only beside a leg
    """

    symbol: str
    market: SymbolBrief
    votes: tuple[VoteLine, ...]
    leg: models.DecisionLeg | None
    others: tuple[readings.Reading, ...] = ()


@dataclass(frozen=True, slots=True)
class RunStory:
    """The whole story of a run."""

    run: models.Run
    as_of: datetime
    decision: models.Decision | None
    legs: tuple[LegStory, ...]
    settled: int
    panel: int

    @property
    def is_simulated(self) -> bool:
        """Say whether any of its voters only pretends."""
        return any(vote.is_simulated for leg in self.legs for vote in leg.votes)

    @property
    def is_undecided(self) -> bool:
        """Say whether it ended without an outcome for any symbol."""
        return self.decision is None or all(
            leg.leg is None or leg.leg.outcome == "NO_DECISION" for leg in self.legs
        )


def story(run_id: UUID) -> RunStory:
    """Return the story of *run_id* as far as it has come.

    Raises:  NotFound.
    """
    run = models.Run.objects.select_related("brief", "account").filter(pk=run_id).first()
    if run is None:
        raise NotFound(f"there is no run {run_id}")
    brief = briefs.decode(run.brief.payload)
    votes = list(run.votes.select_related("voter").order_by("voter_id"))
    decision = models.Decision.objects.filter(run=run).first()
    legs = {leg.symbol: leg for leg in decision.legs.all()} if decision else {}
    counted = readings.counted(votes) if decision else ()
    return RunStory(
        run=run,
        as_of=brief.as_of,
        decision=decision,
        legs=tuple(
            LegStory(
                symbol=market.symbol,
                market=market,
                votes=tuple(_line(vote, market.symbol) for vote in votes),
                leg=legs.get(market.symbol),
                others=readings.others(run, counted, market.symbol) if market.symbol in legs else (),
            )
            for market in brief.markets
        ),
        settled=sum(vote.state not in models.Vote.OPEN_STATES for vote in votes),
        panel=len(votes),
    )


def recent(*, limit: int = 30, offset: int = 0) -> list[models.Run]:
    """Return the newest runs with their decisions and legs at hand."""
    runs = models.Run.objects.select_related("decision", "slot").prefetch_related("decision__legs")
    return list(runs.order_by("-opened_at", "-pk")[offset : offset + limit])


def find(text: str) -> models.Run:
    """Return the run whose id is *text* or begins with it; "last" is the newest.

    Raises:  NotFound if none or more than one does.
    """
    if text == "last":
        newest = models.Run.objects.order_by("-opened_at", "-pk").first()
        if newest is None:
            raise NotFound("there is no run yet")
        return newest
    wanted = text.replace("-", "").lower()
    if not 0 < len(wanted) <= 32 or any(letter not in "0123456789abcdef" for letter in wanted):
        raise NotFound(f"{text!r} is not the id of a run; `manage.py runs` lists them")
    low, high = UUID(hex=wanted.ljust(32, "0")[:32]), UUID(hex=wanted.ljust(32, "f")[:32])
    found = list(models.Run.objects.filter(pk__gte=low, pk__lte=high)[:2])
    if len(found) == 1:
        return found[0]
    raise NotFound(
        f"{text!r} names {'more than one run' if found else 'no run'}; `manage.py runs` lists them"
    )


def _line(vote: models.Vote, symbol: str) -> VoteLine:
    answer = next((item for item in tallies.parse(vote.answers) if item.symbol == symbol), None)
    counted = vote.state in tallies.ANSWERED_STATES and answer is not None
    return VoteLine(
        voter=vote.voter_id,
        model="" if vote.voter.wire == "analyst" else vote.response_model or vote.request_model,
        stance=answer.stance.value if counted and answer else vote.state,
        action=answer.action.value if counted and answer and answer.action else "",
        confidence=answer.confidence if answer else None,
        latency_ms=vote.latency_ms,
        cost_usd=vote.cost_usd,
        why=why(vote, answer.problem or answer.reasoning if answer else ""),
        is_repaired=vote.is_repaired,
        is_simulated=vote.is_simulated,
    )


def why(vote: models.Vote, said: str) -> str:
    """Return in a line why *vote* is what it is; *said* is what its voter said, if anything."""
    if vote.state == models.Vote.State.FAILED:
        return f"{vote.error_kind}: {vote.error}"
    if vote.state == models.Vote.State.MISSING and vote.error_kind == ErrorKind.NOT_ASKED:
        return NOT_ASKED
    words = WORDS.get(models.Vote.State(vote.state))
    return f"{words}: {said}" if words and said else words or said
