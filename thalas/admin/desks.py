"""What accounts hold and what was reserved for them, and every edition of their limits: to be looked at."""

from django.contrib import admin

from thalas import models
from thalas.admin.records import RecordAdmin


@admin.register(models.Position)
class PositionAdmin(RecordAdmin[models.Position]):
    """What accounts hold."""

    list_display = ["account", "symbol", "market_type", "amount", "entry_price", "leverage", "is_paper"]
    list_filter = ["account", "market_type"]
    list_select_related = ["account"]
    ordering = ["account", "symbol"]


@admin.register(models.Reservation)
class ReservationAdmin(RecordAdmin[models.Reservation]):
    """Exposure that approved decisions hold free until it expires."""

    list_display = ["account", "symbol", "side", "size_usd", "made_at", "expires_at", "run"]
    list_filter = ["account", "side"]
    list_select_related = ["account", "run"]
    ordering = ["-made_at"]


@admin.register(models.LimitsVersion)
class LimitsVersionAdmin(RecordAdmin[models.LimitsVersion]):
    """The editions of each account's limits."""

    list_display = ["account", "version", "set_by", "set_at"]
    list_filter = ["account"]
    list_select_related = ["account"]
    ordering = ["-set_at"]
