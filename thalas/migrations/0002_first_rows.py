"""The rows without which nothing can be judged: the demo account, and the kill switch, released."""

from datetime import UTC, datetime

from django.db import migrations


def add_rows(apps, schema_editor):
    apps.get_model("thalas", "Account").objects.get_or_create(
        name="demo", defaults={"equity_usd": 10_000, "max_position_pct": 15, "risk_per_trade_pct": 1}
    )
    # Made here and nowhere else: a switch whose row has gone missing counts as engaged.
    apps.get_model("thalas", "KillSwitch").objects.get_or_create(
        id=1,
        defaults={"state": "released", "reason": "as installed", "changed_by": "", "changed_at": datetime.now(UTC)},
    )


class Migration(migrations.Migration):
    dependencies = [("thalas", "0001_first")]
    operations = [migrations.RunPython(add_rows, migrations.RunPython.noop)]
