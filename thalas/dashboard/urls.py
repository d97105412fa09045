"""The pages for people, and the sign of life for machines."""

from django.urls import path

from thalas.dashboard import views

app_name = "dashboard"
urlpatterns = [
    path("", views.latest, name="latest"),
    path("runs/<uuid:run_id>/", views.run, name="run"),
    path("accounts/", views.accounts, name="accounts"),
    path("accounts/<path:name>/", views.account, name="account"),
    path("healthz", views.healthz, name="healthz"),
]
