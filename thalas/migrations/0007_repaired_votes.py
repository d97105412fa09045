from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('thalas', '0006_runs_by_symbol'),
    ]

    operations = [
        migrations.AddField(
            model_name='vote',
            name='is_repaired',
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
