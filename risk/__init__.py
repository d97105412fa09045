"""Numbers about money and the gate that judges each proposal; no clock, no input, no output."""

from risk.errors import NotFinite, OutOfRange, RiskError
from risk.gate import assess
from risk.limits import Limits
from risk.proposals import MarketState, Portfolio, Proposal
from risk.sizing import fixed_fractional
from risk.stops import Bracket, atr_bracket
from risk.verdicts import Check, CheckOutcome, Verdict, VerdictOutcome

__all__ = [
    "Bracket",
    "Check",
    "CheckOutcome",
    "Limits",
    "MarketState",
    "NotFinite",
    "OutOfRange",
    "Portfolio",
    "Proposal",
    "RiskError",
    "Verdict",
    "VerdictOutcome",
    "assess",
    "atr_bracket",
    "fixed_fractional",
]
