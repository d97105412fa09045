"""Django's settings, made from the checked environment."""

from pathlib import Path

import dj_database_url
import django_stubs_ext

from thalas import env, home
from thalas.supervision.valkey import socket_url

django_stubs_ext.monkeypatch()

BASE_DIR = env.BASE_DIR
THALAS = env.load()
HOUSE = THALAS.house
HOME = HOUSE.thalas_home.resolve()

SECRET_KEY = HOUSE.secret_key.get_secret_value() if HOUSE.secret_key else home.secret(HOME, "django")
DEBUG = False
ALLOWED_HOSTS = [host for host in HOUSE.thalas_allowed_hosts.split(",") if host]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_celery_beat",
    "thalas",
    "beat_schedule",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "thalas.dashboard.headers.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
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

SQLITE_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
DATABASES = {
    "default": dj_database_url.parse(
        HOUSE.database_url.get_secret_value() if HOUSE.database_url else f"sqlite:///{HOME}/thalas.sqlite3"
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE takes the write lock at BEGIN: two writers wait for each other instead of failing midway.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 10,
        "init_command": SQLITE_PRAGMAS,
    }
    DATABASES["default"]["CONN_MAX_AGE"] = None
    # A file, so that the processes of a test can share it.
    DATABASES["default"]["TEST"] = {"NAME": str(HOME / "test.sqlite3")}
else:
    DATABASES["default"]["OPTIONS"] = {
        **DATABASES["default"].get("OPTIONS", {}),
        "pool": {"min_size": 1, "max_size": 16, "timeout": 5},
        "connect_timeout": 5,
        "options": "-c lock_timeout=5s -c statement_timeout=15s -c idle_in_transaction_session_timeout=10s",
    }
    DATABASES["default"]["CONN_MAX_AGE"] = 0

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

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

BROKER_URL = HOUSE.redis_url.get_secret_value() if HOUSE.redis_url else socket_url(HOME / "broker")
DJANGO_CELERY_BEAT_TZ_AWARE = True
LOG_DIR: Path = HOME / "log"
