"""What an account holds, and what approved decisions hold free for orders until they expire."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from risk import MARKET_TYPES
from thalas.models.accounts import Account
from thalas.models.runs import Run

KINDS = [(kind, kind) for kind in MARKET_TYPES]


class Position(models.Model):
    """One symbol that an account holds.

    amount     units that move with the price: above 0 is long, below 0 is short
    leverage   how many times the money put up is at work
    opened_at  market time
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="positions", db_index=False)
    symbol = models.CharField(max_length=40)
    market_type = models.CharField(max_length=12, choices=KINDS)
    amount = models.DecimalField(max_digits=28, decimal_places=12)
    entry_price = models.DecimalField(max_digits=24, decimal_places=10)
    leverage = models.DecimalField(max_digits=6, decimal_places=2, default=Decimal(1))
    stop = models.DecimalField(max_digits=24, decimal_places=10, null=True)
    target = models.DecimalField(max_digits=24, decimal_places=10, null=True)
    opened_at = models.DateTimeField()
    is_paper = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="position_once_per_symbol", fields=["account", "symbol"]),
            models.CheckConstraint(name="position_is_something", condition=~Q(amount=0)),
            models.CheckConstraint(name="position_entry_above_zero", condition=Q(entry_price__gt=0)),
            models.CheckConstraint(name="position_leverage_from_one", condition=Q(leverage__gte=1)),
            models.CheckConstraint(name="position_type_known", condition=Q(market_type__in=MARKET_TYPES)),
        ]

    def __str__(self) -> str:
        return f"{self.amount:f} {self.symbol} of {self.account_id}"


class Reservation(models.Model):
    """Exposure that an approved decision holds free: it counts as held until it expires.

    size_usd   value before leverage, as approved
    expires_at wall time; by default when the next candle of its run's timeframe closes
    """

    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="reservations", db_index=False
    )
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="reservations", db_index=False)
    symbol = models.CharField(max_length=40)
    market_type = models.CharField(max_length=12, choices=KINDS)
    side = models.CharField(max_length=4)
    size_usd = models.DecimalField(max_digits=16, decimal_places=2)
    leverage = models.DecimalField(max_digits=6, decimal_places=2, default=Decimal(1))
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="reservation_once_per_leg", fields=["run", "symbol"]),
            models.CheckConstraint(name="reservation_side_known", condition=Q(side__in=("BUY", "SELL"))),
            models.CheckConstraint(name="reservation_is_something", condition=Q(size_usd__gt=0)),
            models.CheckConstraint(name="reservation_leverage_from_one", condition=Q(leverage__gte=1)),
            models.CheckConstraint(name="reservation_type_known", condition=Q(market_type__in=MARKET_TYPES)),
            models.CheckConstraint(
                name="reservation_lasts_a_while", condition=Q(expires_at__gt=F("made_at"))
            ),
        ]
        indexes = [
            models.Index(fields=["account", "expires_at"], name="reservation_open"),
            models.Index(fields=["account", "made_at"], name="reservation_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.size_usd} USD of {self.symbol} for {self.account_id}"
