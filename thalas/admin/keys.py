"""Keys of the HTTP API: looked at here, made on the command line, revoked in both places."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from thalas import models
from thalas.admin.records import RecordAdmin
from thalas.errors import ThalasError
from thalas.selectors import clock
from thalas.services import keys


@admin.register(models.ApiKey)
class ApiKeyAdmin(RecordAdmin[models.ApiKey]):
    """Keys without their secrets, of which there is only a hash."""

    exclude = ["secret_sha256"]
    list_display = ["prefix", "name", "account", "scopes", "expires_at", "revoked_at", "last_used_at"]
    list_filter = ["account", ("revoked_at", admin.EmptyFieldListFilter)]
    list_select_related = ["account"]
    search_fields = ["prefix", "name"]
    actions = ["revoke"]
    told_by_service = frozenset({"revoke"})

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Say whether this person may change keys."""
        return request.user.has_perm("thalas.change_apikey")

    @admin.action(description="Revoke, at once and for good", permissions=["revoke"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[models.ApiKey]) -> None:
        """Revoke the chosen keys."""
        now = clock.now()
        for prefix in list(chosen.values_list("prefix", flat=True)):
            try:
                keys.revoke(prefix, by=request.user.get_username(), now=now)
                self.message_user(request, f"{prefix} is revoked.")
            except ThalasError as error:
                self.message_user(request, str(error), messages.WARNING)
