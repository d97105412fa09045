"""How runs read in a terminal. Everything a voter said is printed as plain text, never as markup."""

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from thalas import models
from thalas.domain.methods import Method
from thalas.selectors.stories import LegStory, RunStory, VoteLine

COLOURS = {
    "BUY": "green",
    "SELL": "red",
    "HOLD": "yellow",
    "NO_DECISION": "magenta",
    "approved": "green",
    "resized": "yellow",
    "vetoed": "red",
    "passed": "green",
    "failed": "red",
    "invalid": "red",
    "not_computable": "red",
    "missing": "magenta",
    "late": "magenta",
    "abstained": "dim",
    "waived": "dim",
    "not_applicable": "dim",
    "no_order": "dim",
}
DISCLAIMER = "Nothing here trades, and none of this is advice."


def plain(text: str) -> str:
    """Return *text* without control characters, which could move a terminal's cursor or colour its lines."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def coloured(word: str) -> Text:
    """Return *word* in the colour it has everywhere."""
    return Text(word, style=COLOURS.get(word, ""))


def show(console: Console, story: RunStory, *, what_if: Method | None = None) -> None:
    """Print the whole story of a run; with *what_if* also what that method would have said."""
    console.print(headline(story))
    for leg in story.legs:
        console.print(leg_block(leg, console.width, what_if=what_if))
    console.print(ending(story))


def headline(story: RunStory) -> Text:
    """Return the line that names a run."""
    run = story.run
    text = Text.assemble(
        ("Run ", "bold"), (str(run.pk), "bold cyan"), f"  {', '.join(run.symbols)} {run.timeframe}"
    )
    text.append(f"  market time {story.as_of:%Y-%m-%d %H:%M} UTC")
    if run.method != Method.WEIGHTED_MAJORITY:
        text.append(f"  by {run.method}")
    if lap := max((leg.market.lap for leg in story.legs), default=0):
        text.append(f" (replay, started over {lap}×)", style="magenta")
    if story.is_simulated:
        text.append("  [simulated voters]", style="bold magenta")
    return text


def leg_block(story: LegStory, width: int, *, what_if: Method | None = None) -> RenderableType:
    """Return everything about one symbol, *width* columns wide: votes, arithmetic, checks, decision."""
    market = story.market
    title = Text.assemble("\n", (market.symbol, "bold"), f"  close {market.price:,.2f} ({market.source})")
    parts: list[RenderableType] = [title, Padding(votes_lines(story.votes, width - 2), (0, 0, 0, 2))]
    if story.leg is not None:
        parts.append(Padding(consensus_lines(story.leg), (0, 0, 0, 2)))
        parts += [Padding(other_line(story, what_if), (0, 0, 0, 2))] if what_if else []
        parts.append(Padding(checks_table(story.leg), (0, 0, 0, 2)))
        parts.append(Padding(decision_line(story.leg), (0, 0, 0, 2)))
    return Group(*parts)


def votes_lines(votes: Sequence[VoteLine], width: int) -> Text:
    """Return a line for each voter, its reason behind it where it fits and below it where it does not."""
    names = {vote: " ".join((vote.voter, *(f"({mark})" for mark in vote.marks))) for vote in votes}
    widest = max((len(name) for name in names.values()), default=0)
    text = Text(f"{'voter':{widest}}  {'vote':9}  conf.       ms     US$  reason", style="dim")
    for vote, name in names.items():
        confidence = f"{vote.confidence:.2f}" if vote.confidence is not None else ""
        latency = f"{vote.latency_ms:.0f}" if vote.latency_ms is not None else ""
        cost = f"{vote.cost_usd:.4f}" if vote.cost_usd else "0"
        why = plain(vote.why)
        line = Text(f"\n{name:{widest}}  ", style="magenta" if vote.is_simulated else "")
        line.append(f"{vote.answer:9}", style=COLOURS.get(vote.answer, ""))
        line.append(f"  {confidence:>5}  {latency:>7}  {cost:>6}  ", style="")
        fits = len(line) + len(why) <= width
        text.append(line).append(why if fits else f"\n    {why}", style="" if fits else "dim")
    return text


def consensus_lines(leg: models.DecisionLeg) -> Text:
    """Return the arithmetic of one symbol, and what puts it into proportion."""
    told = f"\n           n_eff {leg.n_eff:.1f} of {sum(leg.counts.values())} voters"
    told += f"; one voter, one vote: {leg.baseline}" if leg.baseline else ""
    return Text.assemble(("consensus  ", "bold"), leg.arithmetic, (told, "dim"))


def other_line(story: LegStory, method: Method) -> Text:
    """Return what *method* would have said of one symbol."""
    told = next((other.arithmetic for other in story.others if other.method is method), "")
    told = told or "is how this run was decided"
    return Text.assemble(("what if    ", "bold"), f"{method}: {told}")


def checks_table(leg: models.DecisionLeg) -> RenderableType:
    """Return a line for each risk check, with value and limit; those not asked of this outcome share one."""
    table = Table(box=None, pad_edge=False, show_header=True, header_style="dim")
    for name in ("risk check", "outcome"):
        table.add_column(name, no_wrap=True)
    for name in ("value", "limit"):
        table.add_column(name, overflow="fold")
    asked = [check for check in leg.checks if check["outcome"] != "not_applicable"]
    for check in asked:
        row = number(check["value"]), number(check["limit"])
        table.add_row(check["code"], coloured(check["outcome"]), *row)
    idle = [check["code"] for check in leg.checks if check["outcome"] == "not_applicable"]
    if not idle:
        return table
    return Group(table, Text(f"not applicable to {leg.outcome}: {', '.join(idle)}", style="dim"))


def number(value: str | float | None) -> str:
    """Return a check's value or limit as people read it."""
    if value is None:
        return "–"
    if isinstance(value, bool | str):
        return plain(str(value))
    return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.2f}"


def decision_line(leg: models.DecisionLeg) -> Text:
    """Return the decision of one symbol."""
    text = Text.assemble(("decision   ", "bold"), coloured(leg.outcome), ", ", coloured(leg.verdict))
    if leg.size_usd:
        text.append(f", US$ {leg.size_usd:,.2f} on the {plain(leg.decision.run.account_id)} account")
    if leg.stop is not None and leg.target is not None and leg.size_usd:
        text.append(f", stop {leg.stop:,.2f}, target {leg.target:,.2f}")
    if leg.is_degraded:
        text.append(", degraded", style="magenta")
    return text.append(f". {plain(leg.verdict_reason)}")


def ending(story: RunStory) -> Text:
    """Return how a run ended, or how far it has come."""
    run, decision = story.run, story.decision
    if run.state == models.Run.State.OPEN:
        return Text(
            f"\nopen: {story.settled} of {story.panel} votes are in, deadline {run.deadline_at:%H:%M:%S} UTC"
        )
    if decision is None:
        return Text(f"\n{run.state}: {plain(run.close_reason)}; no decision was filed")
    return Text(
        f"\nclosed by {run.closed_by} after {decision.latency_ms:.0f} ms ({plain(run.close_reason)}); "
        f"{decision.heard} of {decision.panel} voters heard; cost US$ {decision.cost_usd:.4f}; "
        f"judged by limits version {decision.limits_version} of the account {run.account_id}; "
        f"confidences uncalibrated. {DISCLAIMER}"
    )


def brief_line(run: models.Run) -> Text:
    """Return a run in one line, for lists and for the demo's running commentary."""
    text = Text.assemble(
        (str(run.pk)[:18], "cyan"), f"  {run.opened_at:%Y-%m-%d %H:%M:%S}  {run.timeframe:3}  "
    )
    decision = getattr(run, "decision", None)
    if decision is None:
        return text.append(f"{', '.join(run.symbols)}: {run.state}")
    for leg in decision.legs.all():
        text.append(f"{leg.symbol} ").append(coloured(leg.outcome)).append("/").append(
            coloured(leg.verdict)
        ).append("  ")
    return text.append(f"by {run.closed_by} in {decision.latency_ms:.0f} ms", style="dim")
