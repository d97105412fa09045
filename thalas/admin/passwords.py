"""A person's own password: whoever changes it is told of in the audit chain, as for everybody else's."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse_lazy

from thalas.selectors import clock
from thalas.services import audits


class OwnPassword(PasswordChangeView):
    """The admin's page for it, with an entry."""

    form_class = AdminPasswordChangeForm
    success_url = reverse_lazy("admin:password_change_done")

    def form_valid(self, form: Any) -> HttpResponse:
        """Change the password and tell of it, in one transaction."""
        with transaction.atomic():
            answer = super().form_valid(form)
            audits.append(
                actor=form.user.get_username(),
                action="user.edit",
                target=str(form.user.pk),
                details={"password": "another"},
                now=clock.now(),
            )
        return answer


def change(request: HttpRequest) -> HttpResponseBase:
    """Show the page, or change the password of whoever is signed in."""
    return OwnPassword.as_view(extra_context=admin.site.each_context(request))(request)
