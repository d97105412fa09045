"""How the house stands, in the words at the head of every page."""

from dataclasses import dataclass

from django.conf import settings

from thalas import figures
from thalas.selectors import markets
from thalas.selectors.markets import TapePosition
from thalas.selectors.pages import Standing

KILL_SWITCH = {
    None: "unreadable, which counts as on: nothing is approved",
    True: "on: nothing is approved",
    False: "off",
}


@dataclass(frozen=True, slots=True)
class Lines:
    """The head of a page in words; *is_stopped* if the kill switch approves nothing."""

    exchange: str
    replay: str
    started_over: str
    kill_switch: str
    is_stopped: bool
    seated: str
    flower_url: str


def lines(standing: Standing, *, flower_url: str) -> Lines:
    """Return *standing* in words."""
    tape = standing.tape
    return Lines(
        exchange=settings.THALAS.house.market if markets.is_live() else "",
        replay=_replay(tape),
        started_over=f"started over {tape.at.lap}×" if tape and tape.at.lap else "",
        kill_switch=KILL_SWITCH[standing.is_killed],
        is_stopped=standing.is_killed is not False,
        seated=f"{standing.seated} can be asked" if standing.seated else "none can be asked",
        flower_url=flower_url,
    )


def _replay(tape: TapePosition | None) -> str:
    if tape is None:
        return "has no clock yet; manage.py sync_schedule sets it up"
    return f"{figures.market_moment(tape.at.market_at)} at {tape.clock.speed:,.6g}× speed"
