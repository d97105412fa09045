"""The list of settings, as people paste it where they ask for help, has none of the house's secrets in it."""

from django.conf import settings
from django.core.management import get_commands

from tests.thalas.management import terminals


def test_the_list_of_settings_is_shown_without_secrets() -> None:
    assert get_commands()["diffsettings"] == "thalas"
    said = terminals.run("diffsettings")
    assert "ALLOWED_HOSTS" in said.out
    assert "SECRET_KEY = '[secret]'" in said.out
    assert settings.SECRET_KEY not in said.out
