from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('thalas', '0007_repaired_votes'),
    ]

    operations = [
        migrations.AddField(
            model_name='decisionleg',
            name='baseline',
            field=models.CharField(blank=True, db_default='', default='', max_length=12),
        ),
        migrations.AddField(
            model_name='run',
            name='method',
            field=models.CharField(choices=[('weighted_majority', 'weighted_majority'), ('confidence_average', 'confidence_average'), ('risk_adjusted', 'risk_adjusted'), ('log_opinion_pool', 'log_opinion_pool')], db_default='weighted_majority', default='weighted_majority', max_length=20),
        ),
        migrations.AddField(
            model_name='schedule',
            name='method',
            field=models.CharField(choices=[('weighted_majority', 'weighted_majority'), ('confidence_average', 'confidence_average'), ('risk_adjusted', 'risk_adjusted'), ('log_opinion_pool', 'log_opinion_pool')], db_default='weighted_majority', default='weighted_majority', max_length=20),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.CheckConstraint(condition=models.Q(('method__in', ['weighted_majority', 'confidence_average', 'risk_adjusted', 'log_opinion_pool'])), name='run_method_known'),
        ),
        migrations.AddConstraint(
            model_name='schedule',
            constraint=models.CheckConstraint(condition=models.Q(('method__in', ['weighted_majority', 'confidence_average', 'risk_adjusted', 'log_opinion_pool'])), name='schedule_method_known'),
        ),
    ]
