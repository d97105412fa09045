"""Which address shows what."""

from django.contrib import admin
from django.urls import include, path
from django.views.decorators.http import require_safe

from thalas.admin import passwords
from thalas.api import health
from thalas.api.app import api

# Only a process that shows pages reads the admin's; workers, guards and beats start sooner without.
admin.autodiscover()

urlpatterns = [
    path("admin/password_change/", admin.site.admin_view(passwords.change, cacheable=True)),
    path("admin/", admin.site.urls),
    path("api/", api.urls),
    path("readyz", require_safe(health.ready)),
    path("", include("thalas.dashboard.urls")),
]
handler404 = "thalas.dashboard.views.not_found"
handler500 = "thalas.dashboard.views.broken"
