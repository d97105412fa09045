"""Which address shows what."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("thalas.dashboard.urls")),
]
handler404 = "thalas.dashboard.views.not_found"
handler500 = "thalas.dashboard.views.broken"
