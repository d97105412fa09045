import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

COPY = {
    "postgresql": """
        INSERT INTO thalas_runsymbol (run_id, account_id, symbol, opened_at)
        SELECT DISTINCT run.id, run.account_id, listed.symbol, run.opened_at
        FROM thalas_run run, jsonb_array_elements_text(run.symbols) AS listed(symbol)
    """,
    "sqlite": """
        INSERT INTO thalas_runsymbol (run_id, account_id, symbol, opened_at)
        SELECT DISTINCT run.id, run.account_id, listed.value, run.opened_at
        FROM thalas_run run, json_each(run.symbols) listed
    """,
}


def copy(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """List the runs that there are by their symbols; a long history takes longer than one statement may."""
    vendor = schema_editor.connection.vendor
    if vendor == "postgresql":
        schema_editor.execute("SET LOCAL statement_timeout = 0")
    schema_editor.execute(COPY[vendor])


class Migration(migrations.Migration):
    dependencies = [("thalas", "0005_the_tape_is_not_looked_at")]

    operations = [
        migrations.AlterField(
            model_name="run",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="runs",
                to="thalas.account",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(fields=["account", "-opened_at", "-id"], name="run_newest_of_account"),
        ),
        migrations.CreateModel(
            name="RunSymbol",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("symbol", models.CharField(max_length=40)),
                ("opened_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="thalas.account",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="thalas.run",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="runsymbol",
            index=models.Index(
                fields=["account", "symbol", "-opened_at", "-run"], name="run_newest_of_symbol"
            ),
        ),
        migrations.AddConstraint(
            model_name="runsymbol",
            constraint=models.UniqueConstraint(fields=("run", "symbol"), name="run_symbol_once"),
        ),
        # Last, or PostgreSQL would find the new table in use where its indexes are made.
        migrations.RunPython(copy, migrations.RunPython.noop),
    ]
