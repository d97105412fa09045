from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('thalas', '0002_first_rows'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='may_close_early',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='schedule',
            name='may_close_early',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='schedule',
            name='ticked_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='vote',
            name='state',
            field=models.CharField(choices=[('expected', 'Expected'), ('claimed', 'Claimed'), ('cast', 'Cast'), ('abstained', 'Abstained'), ('invalid', 'Invalid'), ('failed', 'Failed'), ('missing', 'Missing'), ('waived', 'Waived'), ('late', 'Late')], default='expected', max_length=10),
        ),
        migrations.CreateModel(
            name='Refusal',
            fields=[
                ('reason', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('count', models.PositiveBigIntegerField()),
                ('first_at', models.DateTimeField()),
                ('last_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('count__gte', 1)), name='refusal_counts_something')],
            },
        ),
    ]
