"""How an estimate reads in a terminal and as JSON."""

import json
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table

from thalas.management.console import plain
from thalas.services.estimates import USUAL_ANSWER_TOKENS, Estimate, VoterEstimate

HOW = (
    "Tokens in are estimated, digits by threes; a vocabulary that keeps digits apart counts more. "
    f"A likely answer is as long as the voter's last ones, before any {USUAL_ANSWER_TOKENS} tokens a symbol. "
    "The worst case takes every byte for a token, the longest answer, every retry and the dearest rate."
)


def show(console: Console, estimate: Estimate) -> None:
    """Print what a run would cost, voter by voter, and who would not be asked."""
    console.print(f"A run on {', '.join(estimate.symbols)} {estimate.timeframe} would cost:", highlight=False)
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("voter", no_wrap=True)
    table.add_column("model", overflow="fold")
    for name in ("in", "out", "most", "likely US$", "worst US$"):
        table.add_column(name, justify="right", no_wrap=True)
    for voter in estimate.voters:
        if not voter.why_not:
            model = "" if voter.model == voter.voter else plain(voter.model)
            table.add_row(plain(voter.voter), model, *_numbers(voter))
    table.add_row("total", "", "", "", "", usd(estimate.likely_usd), usd(estimate.worst_usd), style="bold")
    console.print(table)
    for voter in estimate.voters:
        if voter.why_not:
            console.print(f"not asked: {voter.voter}: {plain(voter.why_not)}", markup=False, highlight=False)
    if estimate.is_killed is not False:
        console.print("The kill switch is on: voters would be asked, and nothing would be approved.")
    console.print(HOW, style="dim", highlight=False)
    console.print("No voter was asked and nothing was reserved.", highlight=False)


def to_json(estimate: Estimate) -> str:
    """Return *estimate* as JSON; money is text, and null where nobody would be asked."""
    return json.dumps(
        {
            "is_dry_run": True,
            "symbols": estimate.symbols,
            "timeframe": estimate.timeframe,
            "likely_usd": str(estimate.likely_usd),
            "worst_usd": str(estimate.worst_usd),
            "is_killed": estimate.is_killed is not False,
            "voters": [_voter(voter) for voter in estimate.voters],
            "how": HOW,
        },
        indent=2,
    )


def usd(amount: Decimal | None) -> str:
    """Return an amount as people read it; parts of a cent matter here."""
    return "" if amount is None else "0" if not amount else f"{amount:.6f}"


def _numbers(voter: VoterEstimate) -> tuple[str, ...]:
    if not voter.tokens_in:
        return "", "", "", usd(voter.likely_usd), usd(voter.worst_usd)
    counts = (voter.tokens_in, voter.tokens_out, voter.tokens_out_most)
    return (*(f"{count:,}" for count in counts), usd(voter.likely_usd), usd(voter.worst_usd))


def _voter(voter: VoterEstimate) -> dict[str, Any]:
    return {
        "voter": voter.voter,
        "provider": voter.provider,
        "model": voter.model,
        "is_asked": not voter.why_not,
        "why_not": voter.why_not or None,
        "tokens_in": voter.tokens_in,
        "tokens_out": voter.tokens_out,
        "tokens_out_most": voter.tokens_out_most,
        "answers_looked_at": voter.heard,
        "is_free": voter.is_free,
        "likely_usd": None if voter.likely_usd is None else str(voter.likely_usd),
        "worst_usd": None if voter.worst_usd is None else str(voter.worst_usd),
    }
