"""What Django and django-celery-beat bring into the admin, people and beat's rows: audited like our own."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth import admin as people
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django_celery_beat import admin as beats

from thalas.admin.audited import AuditedAdmin, entered

OURS = "thalas"


class PeopleAdmin(AuditedAdmin[User], people.UserAdmin[User]):
    """Who may sign in, and what they may do."""

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002 - Django's name
        """Give a person another password."""
        with entered(request):
            return super().user_change_password(request, id, form_url)


def _audited(name: str, theirs: type[Any]) -> type[AuditedAdmin[Any]]:
    return type(name, (AuditedAdmin, theirs), {})


# Imported for their registrations: whoever comes first is audited all the same.
BROUGHT = (people, beats)

admin.site.unregister(User)
admin.site.register(User, PeopleAdmin)
for model in apps.get_models():
    if model._meta.app_label == OURS or not admin.site.is_registered(model):
        continue
    theirs = admin.site.get_model_admin(model)
    if not isinstance(theirs, AuditedAdmin):
        admin.site.unregister(model)
        admin.site.register(model, _audited(type(theirs).__name__, type(theirs)))
