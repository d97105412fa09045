"""A run's page says what its calls reserved and took, who had no budget left, and what is left now."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from tests import caps
from tests.thalas.dashboard import factories
from tests.thalas.dashboard.factories import Said
from tests.thalas.dashboard.pages import Page
from thalas import models
from thalas.domain.budgets import Measure, Subject
from thalas.selectors import clock

SAID = (
    Said("trend"),
    Said("emulated-bull", cost_usd="0.002"),
    Said("limited", "failed", error_kind="budget_exhausted", error="limited has US$ 0.00 left"),
    Said("slow", "claimed"),
)


def page_of(client: Client, run: models.Run) -> str:
    return Page(client.get(f"/runs/{run.pk}/").content.decode()).text


def enter(run: models.Run, voter: str, *, booked_usd: str | None) -> None:
    """Put a call that could cost US$ 0.05 into the ledger."""
    vote = run.votes.get(voter_id=voter)
    now = clock.now()
    models.SpendEntry.objects.create(
        vote=vote,
        voter=voter,
        account=run.account_id,
        provider_id=vote.voter.provider_id,
        spent_on=now.date(),
        reserved_usd=Decimal("0.05"),
        booked_usd=None if booked_usd is None else Decimal(booked_usd),
        booked_tokens=None if booked_usd is None else 1_234,
        reserved_at=now - timedelta(seconds=1),
    )


@pytest.mark.django_db
def test_reserved_and_booked_calls_and_the_voters_without_budget_are_shown_beside_what_is_left(
    client: Client,
) -> None:
    run = factories.closed(said=SAID)
    enter(run, "emulated-bull", booked_usd="0.0021")
    enter(run, "slow", booked_usd=None)
    provider = run.votes.get(voter_id="emulated-bull").voter.provider_id
    caps.allow_usd(1, provider=provider)
    caps.spend(provider, 250_000)
    caps.put(Subject.ACCOUNT, run.account_id, Measure.TOKENS_PER_DAY, 5_000)
    caps.put(Subject.PROVIDER, provider, Measure.REQUESTS_PER_MINUTE, 7)
    caps.put(Subject.ACCOUNT, "of-another", Measure.TOKENS_PER_DAY, 77)
    text = page_of(client, run)
    for part in (
        "Out of budget, so not asked: limited.",
        "US$ 0.0500 US$ 0.0021 1,234 booked",
        "US$ 0.0500 – – reserved: not known yet what it took",
        "– – – not asked: budget_exhausted",
        f"provider {provider} US$ 1.00 today 25 % US$ 0.75",
        f"account {run.account_id} 5,000 tokens today 0 % 5,000 tokens",
    ):
        assert part in text
    assert "of-another" not in text


@pytest.mark.django_db
def test_a_run_that_no_budget_concerns_says_nothing_of_budgets(client: Client) -> None:
    text = page_of(client, factories.closed(said=SAID[:1]))
    assert "Budgets" not in text
    assert "Out of budget" not in text
