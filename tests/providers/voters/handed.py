"""A voter that is handed its server's replies: what it makes of bytes, without the cost of a network."""

from collections.abc import Mapping

from providers import http
from providers.retries import Patience
from providers.voters import prices, prompts
from providers.voters.model_voters import ModelVoter, Settings
from providers.voters.registry import WIRES
from providers.voters.vendors import Abilities
from tests.providers.voters.samples import KEY


class Desk(http.Server):
    """Answers every request with the one reply that lies on it."""

    def __init__(self, reply: http.Reply) -> None:
        self._reply = reply

    def post(
        self, path: str, body: bytes, *, headers: Mapping[str, str], timeout_s: float
    ) -> http.Reply | http.NoReply:
        return self._reply


class HandedVoter(ModelVoter):
    """A voter whose server is a desk."""

    def hand(self, status: int, body: bytes) -> None:
        """Lay down what the next questions are answered with."""
        self._server = Desk(http.Reply(status, {"content-type": "application/json"}, body))


def handed(wire: str, can: Abilities, price: prices.Price) -> HandedVoter:
    """Return a voter of *wire* that waits to be handed a reply."""
    return HandedVoter(
        WIRES[wire],
        name="someone",
        provider="somevendor",
        model="emulated-bull",
        base_url="http://127.0.0.1:9/v1",
        api_key=KEY,
        price=price,
        settings=Settings(1_000),
        abilities=can,
        patience=Patience(0),
        prompt=prompts.load(),
    )
