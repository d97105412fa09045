"""What the web server runs: `uvicorn thalas.asgi:application`."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thalas.settings")

application = get_asgi_application()
