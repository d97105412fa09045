"""Defects by which secrets would get out."""

from tests.sabotage.defects import PROCESSES, VOTERS, defect

MORE_SECRET_DEFECTS = (
    defect(
        "an error of a provider keeps the key that it tells back",
        "providers/voters/model_voters.py",
        "error.args, error.__context__ = (self._mask.clean(str(error)),), None",
        "pass",
        f"{VOTERS}/test_echoes.py::test_no_answer_of_a_provider_brings_its_key_back",
    ),
    defect(
        "a reasoning keeps the key that a provider tells back",
        "providers/voters/model_voters.py",
        "self._mask.clean(opinion.reasoning)",
        "opinion.reasoning",
        f"{VOTERS}/test_echoes.py::test_no_answer_of_a_provider_brings_its_key_back",
    ),
    defect(
        "a model's name keeps the key that a provider tells back",
        "providers/voters/model_voters.py",
        "self._mask.clean(received.model) or None",
        "received.model or None",
        f"{VOTERS}/test_echoes.py::test_no_answer_of_a_provider_brings_its_key_back",
    ),
    defect(
        "what a provider says is quoted with the key in it",
        "providers/voters/rejections.py",
        "masks.of_key(key).clean(printable(text[:MAX_READ]))",
        "printable(text[:MAX_READ])",
        f"{VOTERS}/test_rejections.py::test_the_key_is_struck_out",
    ),
    defect(
        "half a secret is not struck out",
        "providers/masks.py",
        "for start in range(len(secret) - PART + 1)",
        "for start in range(0, len(secret) - PART + 1, PART)",
        "tests/providers/test_masks.py::test_what_stands_around_a_secret_stays",
    ),
    defect(
        "logs know no secret",
        "thalas/logs.py",
        'Mask(secrets, instead="[secret]")',
        'Mask((), instead="[secret]")',
        "tests/thalas/test_logs.py::test_a_secret_of_the_environment_is_blanked_out_whatever_it_looks_like",
    ),
    defect(
        "a worker's log knows no secret",
        "thalas/celery.py",
        "logs.configure(settings.HOUSE.thalas_log_level, settings.SECRETS)",
        "logs.configure(settings.HOUSE.thalas_log_level, ())",
        "tests/thalas/test_logs.py::test_every_process_knows_the_secrets_of_its_environment",
    ),
    defect(
        "the web server's own log knows no secret",
        "thalas/logs.py",
        '        "uvicorn": {"handlers": [], "propagate": True},\n',
        "",
        "tests/thalas/test_logs.py::test_the_web_server_logs_as_all_do_and_no_addresses",
    ),
    defect(
        "logs quote what pydantic refuses",
        "thalas/logs.py",
        '    r"|(?<=input_value=).{1,1000}?(?=, input_type=))"',
        '    r")"',
        "tests/thalas/test_logs.py::test_what_pydantic_quotes_of_a_value_that_it_refuses_is_blanked_out",
    ),
    defect(
        "the secrets of other programs' variables are not known",
        "thalas/env.py",
        " | env_secrets.called_so(given)",
        "",
        "tests/thalas/test_env_secrets.py::"
        "test_what_logs_strike_out_is_every_secret_and_nothing_that_may_be_shown",
    ),
    defect(
        "a problem with the environment shows the secret that it is about",
        "thalas/env.py",
        'shown = "(value not shown)" if name in HIDDEN else',
        'shown = "(value not shown)" if name == "SECRET_KEY" else',
        f"{PROCESSES}/test_secrets.py::"
        "test_no_problem_with_the_environment_shows_the_secret_that_it_is_about",
    ),
    defect(
        "the admin shows what stands in a webhook's address",
        "thalas/admin/doors.py",
        'list_display = ["shown",',
        'list_display = ["url",',
        "tests/thalas/admin/test_doors.py::test_a_webhook_is_shown_by_its_host_alone",
    ),
    defect(
        "the API shows what stands in a webhook's address",
        "thalas/api/webhooks.py",
        "    url: Shown\n",
        "    url: str\n",
        f"{PROCESSES}/test_secrets.py::test_no_secret_shows_anywhere",
    ),
    defect(
        "the list of settings shows secrets",
        "thalas/management/commands/diffsettings.py",
        "Mask(settings.SECRETS, instead",
        "Mask((), instead",
        "tests/thalas/management/test_diffsettings.py::test_the_list_of_settings_is_shown_without_secrets",
    ),
    defect(
        "a new secret setting is planted nowhere",
        "thalas/env.py",
        "    market: str = REPLAY\n",
        "    market: str = REPLAY\n    market_secret: SecretStr | None = None\n",
        f"{PROCESSES}/test_secrets.py::test_each_place_that_may_hold_a_secret_is_planted",
    ),
)
