"""The control for the API: django-ninja on the same server with two endpoints, and nothing behind them."""

from django.conf import settings

settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1"],
    SECRET_KEY="bare" * 20,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],  # says how long an answer is
)

from django.core.asgi import get_asgi_application  # noqa: E402
from django.http import HttpRequest  # noqa: E402
from django.urls import path  # noqa: E402
from ninja import NinjaAPI, Schema  # noqa: E402

application = get_asgi_application()
api = NinjaAPI(urls_namespace="bare")


class Note(Schema):
    """What comes in and goes out."""

    symbols: list[str]
    timeframe: str


@api.get("/note", response=Note)
def read(request: HttpRequest) -> dict[str, object]:
    """Answer what is always the same."""
    return {"symbols": ["BTC/USD"], "timeframe": "1d"}


@api.post("/note", response=Note)
def write(request: HttpRequest, note: Note) -> Note:
    """Answer what came."""
    return note


urlpatterns = [path("", api.urls)]
