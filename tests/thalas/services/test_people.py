"""The admin of an embedded Thalas: made once, and never given another password."""

import pytest
from django.contrib.auth.models import User

from thalas.services import people

pytestmark = pytest.mark.django_db

PASSWORD = "a long and random one"


def test_the_first_time_the_admin_is_made_and_the_password_opens_it() -> None:
    assert people.ensure_admin(PASSWORD) is True
    assert people.ensure_admin(PASSWORD) is True
    assert User.objects.get().username == "admin"


def test_a_password_that_a_person_has_changed_stays_changed() -> None:
    people.ensure_admin(PASSWORD)
    admin = User.objects.get()
    admin.set_password("another")
    admin.save()
    assert people.ensure_admin(PASSWORD) is False
    assert User.objects.get().check_password("another")


def test_where_another_superuser_exists_none_is_made() -> None:
    User.objects.create_superuser("ann", password="hers")
    assert people.ensure_admin(PASSWORD) is False
    assert User.objects.count() == 1


def test_a_plain_user_called_admin_is_left_alone() -> None:
    User.objects.create_superuser("ann", password="hers")
    User.objects.create_user("admin", password=PASSWORD)
    assert people.ensure_admin(PASSWORD) is False
    assert not User.objects.get(username="admin").is_superuser
