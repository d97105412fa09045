"""Who is told of decisions, and what people and keys have changed."""

from collections.abc import Iterator, Sequence

from thalas.client.holdings import (
    AuditEntry,
    AuditPage,
    Budget,
    BudgetHistory,
    BudgetList,
    Delivery,
    DeliveryPage,
    Estimate,
    PastWindow,
    Webhook,
    WebhookList,
)
from thalas.client.rooms import Room, at
from thalas.client.wires import Call


class Webhooks(Room):
    """The addresses that hear of each decision of the key's account."""

    def all(self) -> tuple[Webhook, ...]:
        """Return every webhook, without its secret."""
        return self._get(WebhookList, "/webhooks").webhooks

    def create(self, url: str, *, idempotency_key: str | None = None) -> Webhook:
        """Let *url* hear of each decision from now on.

        Its secret is told once: it is None where an answer was lost and the request was sent again.
        """
        return self._create(Webhook, "/webhooks", {"url": url}, idempotency_key)

    def delete(self, webhook_id: int) -> None:
        """Delete a webhook, with what was still on its way to it."""
        self._wire.send(Call("DELETE", at("webhooks", webhook_id)))

    def deliveries(self, webhook_id: int, *, page: int = 50) -> Iterator[Delivery]:
        """Yield what became of telling a webhook, the newest first, page by page."""
        params = {"limit": str(page)}
        while True:
            told = self._get(DeliveryPage, at("webhooks", webhook_id, "deliveries"), params)
            yield from told.deliveries
            if told.older is None:
                return
            params["before"] = str(told.older)


class Budgets(Room):
    """What calls may take, and what they took."""

    def all(self) -> tuple[Budget, ...]:
        """Return every cap with what is left of it."""
        return self._get(BudgetList, "/budgets").budgets

    def set(self, kind: str, subject: str, measure: str, amount: float | None) -> tuple[Budget, ...]:
        """Set one cap, or remove it with None; return them all."""
        body = {"kind": kind, "subject": subject, "measure": measure, "amount": amount}
        return self._send(BudgetList, "PUT", "/budgets", body).budgets

    def estimate(
        self, symbols: Sequence[str], *, timeframe: str = "1d", panel: Sequence[str] | None = None
    ) -> Estimate:
        """Return what a run would cost, and who would not be asked; nobody is asked."""
        body = {
            "symbols": list(symbols),
            "timeframe": timeframe,
            "panel": None if panel is None else list(panel),
        }
        return self._send(Estimate, "POST", "/budgets/estimate", body)

    def history(self, *, days: int = 31) -> tuple[PastWindow, ...]:
        """Return what past days and months took, the newest first."""
        return self._get(BudgetHistory, "/budgets/history", {"days": str(days)}).windows


class Audit(Room):
    """The chain of what people and keys have changed."""

    def entries(self, *, page: int = 50) -> Iterator[AuditEntry]:
        """Yield entries, the newest first, page by page as far as they are wanted."""
        params = {"limit": str(page)}
        while True:
            told = self._get(AuditPage, "/audit", params)
            yield from told.entries
            if told.older is None:
                return
            params["before"] = str(told.older)
