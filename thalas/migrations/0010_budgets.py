from datetime import UTC, datetime

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def carry_over(apps, schema_editor):
    """Keep every provider's cap, what its days hold, and whose calls the ledger's lines were."""
    old = {name: apps.get_model("thalas", name) for name in ("Provider", "SpendDay", "SpendEntry", "Vote", "Run")}
    caps, windows = apps.get_model("thalas", "BudgetCap"), apps.get_model("thalas", "BudgetWindow")
    caps.objects.bulk_create(
        caps(
            kind="provider",
            subject=row.name,
            measure="usd_per_day",
            amount=int(row.cap_usd_per_day * 1_000_000),
            declared_amount=int(row.declared_cap_usd * 1_000_000),
        )
        for row in old["Provider"].objects.all()
    )
    windows.objects.bulk_create(
        windows(
            kind="provider",
            subject=row.provider_id,
            measure="usd_per_day",
            starts_at=datetime(row.spent_on.year, row.spent_on.month, row.spent_on.day, tzinfo=UTC),
            committed=row.committed_microusd,
        )
        for row in old["SpendDay"].objects.all()
    )
    vote = old["Vote"].objects.filter(pk=OuterRef("vote_id"))
    known = old["SpendEntry"].objects.exclude(vote=None)
    known.update(
        voter=Subquery(vote.values("voter_id")[:1]), account=Subquery(vote.values("run__account_id")[:1])
    )
    # Nobody knows how many tokens these took: what is booked of them is none.
    old["SpendEntry"].objects.exclude(settled_at=None).update(booked_tokens=0, booked_requests=1)


class Migration(migrations.Migration):

    dependencies = [
        ('thalas', '0009_models_that_answer'),
    ]

    operations = [
        migrations.CreateModel(
            name='BudgetCap',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('voter', 'voter'), ('provider', 'provider'), ('account', 'account')], max_length=10)),
                ('subject', models.CharField(max_length=60)),
                ('measure', models.CharField(choices=[('requests_per_minute', 'requests_per_minute'), ('tokens_per_minute', 'tokens_per_minute'), ('tokens_per_day', 'tokens_per_day'), ('usd_per_day', 'usd_per_day'), ('usd_per_month', 'usd_per_month')], max_length=20)),
                ('amount', models.BigIntegerField()),
                ('declared_amount', models.BigIntegerField(editable=False, null=True)),
            ],
            options={
                'ordering': ['kind', 'subject', 'measure'],
            },
        ),
        migrations.CreateModel(
            name='BudgetNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('voter', 'voter'), ('provider', 'provider'), ('account', 'account')], max_length=10)),
                ('subject', models.CharField(max_length=60)),
                ('measure', models.CharField(choices=[('requests_per_minute', 'requests_per_minute'), ('tokens_per_minute', 'tokens_per_minute'), ('tokens_per_day', 'tokens_per_day'), ('usd_per_day', 'usd_per_day'), ('usd_per_month', 'usd_per_month')], max_length=20)),
                ('starts_at', models.DateTimeField()),
                ('pct', models.PositiveSmallIntegerField()),
                ('committed', models.BigIntegerField()),
                ('amount', models.BigIntegerField()),
                ('noticed_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='BudgetWindow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('voter', 'voter'), ('provider', 'provider'), ('account', 'account')], max_length=10)),
                ('subject', models.CharField(max_length=60)),
                ('measure', models.CharField(choices=[('requests_per_minute', 'requests_per_minute'), ('tokens_per_minute', 'tokens_per_minute'), ('tokens_per_day', 'tokens_per_day'), ('usd_per_day', 'usd_per_day'), ('usd_per_month', 'usd_per_month')], max_length=20)),
                ('starts_at', models.DateTimeField()),
                ('committed', models.BigIntegerField(default=0)),
                ('told_pct', models.PositiveSmallIntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name='spendentry',
            name='account',
            field=models.CharField(blank=True, db_default='', default='', max_length=40),
        ),
        migrations.AddField(
            model_name='spendentry',
            name='booked_requests',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='spendentry',
            name='booked_tokens',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='spendentry',
            name='reserved_requests',
            field=models.PositiveIntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name='spendentry',
            name='reserved_tokens',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='spendentry',
            name='voter',
            field=models.CharField(blank=True, db_default='', default='', max_length=60),
        ),
        migrations.AlterField(
            model_name='webhookdelivery',
            name='run',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='thalas.run'),
        ),
        migrations.AddIndex(
            model_name='spendentry',
            index=models.Index(condition=models.Q(('settled_at', None)), fields=['reserved_at'], name='spend_unsettled'),
        ),
        migrations.AddConstraint(
            model_name='budgetcap',
            constraint=models.UniqueConstraint(fields=('kind', 'subject', 'measure'), name='budget_cap_once'),
        ),
        migrations.AddConstraint(
            model_name='budgetcap',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='budget_cap_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='budgetnotice',
            constraint=models.UniqueConstraint(fields=('kind', 'subject', 'measure', 'starts_at', 'pct'), name='budget_notice_once'),
        ),
        migrations.AddConstraint(
            model_name='budgetnotice',
            constraint=models.CheckConstraint(condition=models.Q(('pct__in', (80, 100))), name='budget_notice_known'),
        ),
        migrations.AddField(
            model_name='webhookdelivery',
            name='notice',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='thalas.budgetnotice'),
        ),
        migrations.AddConstraint(
            model_name='webhookdelivery',
            constraint=models.UniqueConstraint(fields=('webhook', 'notice'), name='delivery_of_notice_once'),
        ),
        migrations.AddConstraint(
            model_name='webhookdelivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('notice__isnull', False), ('run', None)), models.Q(('notice', None), ('run__isnull', False)), _connector='OR'), name='delivery_tells_one_thing'),
        ),
        migrations.AddIndex(
            model_name='budgetwindow',
            index=models.Index(fields=['starts_at'], name='budget_window_by_start'),
        ),
        migrations.AddConstraint(
            model_name='budgetwindow',
            constraint=models.UniqueConstraint(fields=('kind', 'subject', 'measure', 'starts_at'), name='budget_window_once'),
        ),
        migrations.AddConstraint(
            model_name='budgetwindow',
            constraint=models.CheckConstraint(condition=models.Q(('committed__gte', 0)), name='budget_window_not_negative'),
        ),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name='provider',
            name='cap_usd_per_day',
        ),
        migrations.RemoveField(
            model_name='provider',
            name='declared_cap_usd',
        ),
        migrations.DeleteModel(
            name='SpendDay',
        ),
    ]
