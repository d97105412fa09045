"""Django's settings, made from the checked environment."""

from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext

from thalas import databases, env, home
from thalas.supervision.valkey import socket_url

django_stubs_ext.monkeypatch()

BASE_DIR = env.BASE_DIR
THALAS = env.load()
HOUSE = THALAS.house
HOME = HOUSE.thalas_home.resolve()

SECRET_KEY = HOUSE.secret_key.get_secret_value() if HOUSE.secret_key else home.secret(HOME, "django")
SECRETS = THALAS.secrets | {SECRET_KEY}  # what logs strike out, whatever it looks like
DEBUG = False
ALLOWED_HOSTS = [host.strip() for host in HOUSE.thalas_allowed_hosts.split(",") if host.strip()]
if HOUSE.thalas_public_url:
    # Whatever people call the house by, the proxy with TLS in front of it calls it by the same name.
    ALLOWED_HOSTS.append(str(urlsplit(HOUSE.thalas_public_url).hostname))

INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig",  # thalas.urls looks for its parts
    "thalas",  # before auth, whose commands for people it replaces
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_celery_beat",
    "ninja",  # the scripts and styles of the API's pages
    "beat_schedule",
]
MIDDLEWARE = [
    "thalas.api.edges.EdgeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "thalas.dashboard.headers.ContentSecurityPolicyMiddleware",
    "thalas.static_files.StaticFilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "thalas.urls"
ASGI_APPLICATION = "thalas.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": databases.described(HOUSE, HOME)}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGGING_CONFIG = None  # `thalas.apps` sets logging up, for every process alike
LANGUAGE_CODE = "en"
USE_I18N = False
DATETIME_FORMAT = "Y-m-d H:i:s"
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True  # static files come from the installed packages; nothing has to be collected
WHITENOISE_AUTOREFRESH = False

# With a public address everything between the browser and the proxy is TLS, and nothing else is.
IS_BEHIND_TLS = HOUSE.thalas_public_url is not None
CSRF_TRUSTED_ORIGINS = [HOUSE.thalas_public_url] if HOUSE.thalas_public_url else []
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = SECURE_SSL_REDIRECT = IS_BEHIND_TLS
CORS_ORIGINS = tuple(HOUSE.thalas_cors_origins.split(",")) if HOUSE.thalas_cors_origins else ()
# Asked from inside the container, and by the proxy, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^(api/)?(healthz|readyz)$"]
# The proxy must set this header itself, whatever a browser sends; without a proxy nobody is believed.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_BEHIND_TLS else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if IS_BEHIND_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_BEHIND_TLS
# W021 wants the name on the browsers' own lists, which is for the owner of the domain to decide.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

BROKER_URL = HOUSE.redis_url.get_secret_value() if HOUSE.redis_url else socket_url(HOME / "broker")
FLOWER_URL = HOUSE.thalas_flower_url  # None: no page links to it
DJANGO_CELERY_BEAT_TZ_AWARE = True
LOG_DIR: Path = HOME / "log"
