from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('thalas', '0004_the_door'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='replaytape',
            name='seen_at',
        ),
    ]
