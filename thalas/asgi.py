"""What the web server runs: `uvicorn thalas.asgi:application`."""

import gc
import os

from django.core.asgi import get_asgi_application
from django.urls import get_resolver

from thalas.api.bounds import BoundedBodies, Division

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thalas.settings")

pages = get_asgi_application()

from thalas.api.handlers import ApiHandler  # noqa: E402 - models can be read only from here on
from thalas.selectors import markets  # noqa: E402

application = BoundedBodies(Division(api=ApiHandler(), pages=pages))

# Read now, or the first visitors would wait a second or two for it.
WARM = (get_resolver().url_patterns, markets.market().offers())
# All that is here by now stays; looking through it for garbage stops every request for a tenth of a second.
gc.collect()
gc.freeze()
