"""The one settings file. Everything comes from the environment or `.env`; `.env.example` has names, units, defaults."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import environ
from celery.schedules import crontab

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(env.str("ENV_FILE", default=str(BASE_DIR / ".env")))
if "ENV_FILE" not in os.environ:  # broker and ports that a running `make run` has chosen
    environ.Env.read_env(str(BASE_DIR / "var" / "run.env"))

# --- Django -----------------------------------------------------------------------------------------------------------

SECRET_KEY = env.str("SECRET_KEY")  # no default: fail at start, not at the first request
CREDENTIALS_KEYS = env.list("CREDENTIALS_KEYS")  # first seals, all open; no default
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "tracking",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
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

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'var' / 'tracking.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Several processes write: take the write lock at BEGIN and wait for it, or readers that turn writers fail at once.
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        transaction_mode="IMMEDIATE",
        timeout=20,  # seconds
        init_command=(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000; PRAGMA foreign_keys=ON;"
        ),
    )
else:
    DATABASES["default"].setdefault("CONN_MAX_AGE", 60)  # seconds
    DATABASES["default"].setdefault("CONN_HEALTH_CHECKS", True)

CACHES = {"default": env.cache_url("CACHE_URL", default="locmemcache://")}

AUTH_USER_MODEL = "tracking.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATIC_ROOT.mkdir(exist_ok=True)  # empty where collectstatic was not run; WhiteNoise complains of a missing one
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True  # serves from the packages where collectstatic was not run

DATA_UPLOAD_MAX_MEMORY_SIZE = 70 * 1024 * 1024  # bytes: 1,000 events of 64 KiB and what is around them
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "SAMEORIGIN"  # previews show their own frames; foreign HTML stands in sandboxed ones
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_HTTPS_PROXY", default=False) else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = env.bool("HTTPS_ONLY", default=False)
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=0)

# --- Mail of the system itself: alerts, password resets ---------------------------------------------------------------

DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Event Tracking <tracking@localhost.localdomain>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
vars().update(env.email_url("EMAIL_URL", default="smtp://127.0.0.1:1025"))
TRACKING_SYSTEM_EMAIL = {
    "host": globals()["EMAIL_HOST"],
    "port": globals()["EMAIL_PORT"] or 25,
    "login": globals()["EMAIL_HOST_USER"] or "",
    "password": globals()["EMAIL_HOST_PASSWORD"] or "",
    "encryption": "ssl" if globals().get("EMAIL_USE_SSL") else "tls" if globals().get("EMAIL_USE_TLS") else "none",
}

# --- REST framework ---------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "tracking.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["tracking.api.parsers.StrictJSONParser"],
    "EXCEPTION_HANDLER": "tracking.api.problems.handle",
    "UNAUTHENTICATED_USER": None,
}

# --- Celery: it only wakes; the rows are the queue --------------------------------------------------------------------

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="redis://127.0.0.1:6379/0")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = False  # a lost wake-up costs nothing: the sweeper rings again. So no redelivery, no poison loop
# Once more, at once: what reconnects to a broker that restarted. Without it, beat publishes into a dead connection for
# ever (RabbitMQ). While a broker is away for longer, the doorbell decides when to try again.
CELERY_TASK_PUBLISH_RETRY = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_POOL = "threads"  # slow servers hold threads, not cores
CELERY_WORKER_CONCURRENCY = env.int("TRACKING_WORKER_THREADS", default=32)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_TIMEOUT = 2  # seconds
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"confirm_publish": True}
    if urlsplit(CELERY_BROKER_URL).scheme in {"amqp", "amqps", "pyamqp"}
    else {
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "health_check_interval": 10,
        "ack_emulation": False,  # nothing is delivered again; and a worker whose Redis dies before an ack lives on
    }
)
CELERY_TASK_DEFAULT_QUEUE = "mail"
CELERY_TASK_ROUTES = {
    "tracking.tasks.drain_connection": {"queue": "mail"},
    "tracking.tasks.*": {"queue": "watch"},  # of its own, so that a flood of mail cannot delay the warning about it
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = env.str("TRACKING_BEAT_SCHEDULE", default=str(BASE_DIR / "var" / "celerybeat-schedule"))
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
TRACKING_SWEEP_SECONDS = env.float("TRACKING_SWEEP_SECONDS", default=5.0)
TRACKING_WATCH_SECONDS = env.float("TRACKING_WATCH_SECONDS", default=60.0)
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "tracking.tasks.sweep_queue",
        "schedule": TRACKING_SWEEP_SECONDS,
        "options": {"expires": 2 * TRACKING_SWEEP_SECONDS},
    },
    "watch": {
        "task": "tracking.tasks.watch_rules",
        "schedule": TRACKING_WATCH_SECONDS,
        "options": {"expires": TRACKING_WATCH_SECONDS},
    },
    "prune": {"task": "tracking.tasks.prune", "schedule": crontab(hour=3, minute=17), "options": {"expires": 3600}},
}

# --- The product's own knobs ------------------------------------------------------------------------------------------

TRACKING_BASE_URL = env.str("TRACKING_BASE_URL", default="http://127.0.0.1:8000")  # links in alert mails
TRACKING_MESSAGE_ID_DOMAIN = env.str("TRACKING_MESSAGE_ID_DOMAIN", default="tracking.localdomain")
TRACKING_REGULAR_PRICE = env.str("TRACKING_REGULAR_PRICE", default="0.0000")  # per processed event
TRACKING_RULES_MAX_AGE_SECONDS = env.float("TRACKING_RULES_MAX_AGE_SECONDS", default=1.0)

TRACKING_SMTP_ALLOWED_NETWORKS = env.list("TRACKING_SMTP_ALLOWED_NETWORKS", default=[])  # CIDRs of internal relays
TRACKING_SMTP_ALLOWED_PORTS = env.list("TRACKING_SMTP_ALLOWED_PORTS", default=["25", "465", "587", "2525"])
TRACKING_SMTP_CA_FILE = env.str("TRACKING_SMTP_CA_FILE", default="")  # more authorities than the system's
TRACKING_SMTP_CONNECT_TIMEOUT = env.float("TRACKING_SMTP_CONNECT_TIMEOUT", default=5.0)  # seconds
TRACKING_SMTP_COMMAND_TIMEOUT = env.float("TRACKING_SMTP_COMMAND_TIMEOUT", default=10.0)  # seconds, each reply
TRACKING_SMTP_DATA_TIMEOUT = env.float("TRACKING_SMTP_DATA_TIMEOUT", default=20.0)  # seconds, the message
TRACKING_SMTP_FINAL_TIMEOUT = env.float("TRACKING_SMTP_FINAL_TIMEOUT", default=30.0)  # seconds, the last reply
TRACKING_SMTP_TOTAL_TIMEOUT = env.float("TRACKING_SMTP_TOTAL_TIMEOUT", default=45.0)  # seconds, one mail in all

TRACKING_MAX_TRIES = env.int("TRACKING_MAX_TRIES", default=20)
TRACKING_FIRST_RETRY_SECONDS = env.float("TRACKING_FIRST_RETRY_SECONDS", default=30.0)  # doubles to 4,000 s
TRACKING_MAX_CRASHES = env.int("TRACKING_MAX_CRASHES", default=3)  # claims that ended with a dead worker
TRACKING_LIFETIME_HOURS = env.float("TRACKING_LIFETIME_HOURS", default=24.0)
TRACKING_KEEP_SENT_DAYS = env.float("TRACKING_KEEP_SENT_DAYS", default=14.0)  # sent and cancelled mails, events
TRACKING_KEEP_FAILED_DAYS = env.float("TRACKING_KEEP_FAILED_DAYS", default=90.0)  # failed and unknown ones, alerts
TRACKING_SLICE_MAILS = env.int("TRACKING_SLICE_MAILS", default=200)
TRACKING_SLICE_SECONDS = env.float("TRACKING_SLICE_SECONDS", default=1.0)
TRACKING_CHUNK_MAILS = env.int("TRACKING_CHUNK_MAILS", default=20)
TRACKING_LEASE_SECONDS = env.float("TRACKING_LEASE_SECONDS", default=60.0)
TRACKING_HEARTBEAT_SECONDS = env.float("TRACKING_HEARTBEAT_SECONDS", default=10.0)

TRACKING_CATCHER_FOLDER = env.str("TRACKING_CATCHER_FOLDER", default="")  # a Maildir; empty: no catcher pages

# --- Metrics: files that all processes of a machine share (tracking/metrics.py) ---------------------------------------

TRACKING_METRICS_FOLDER = Path(env.str("TRACKING_METRICS_FOLDER", default=str(BASE_DIR / "var" / "metrics")))
TRACKING_METRICS_FOLDER.mkdir(parents=True, exist_ok=True)
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(TRACKING_METRICS_FOLDER))  # read when the client is imported

# --- Logs: one line of JSON each; structlog redacts secrets (tracking/logs.py) ----------------------------------------

LOGGING_CONFIG = "tracking.logs.configure"
LOGGING = {"level": env.str("LOG_LEVEL", default="INFO")}

# --- The admin's look -------------------------------------------------------------------------------------------------

UNFOLD = {
    "SITE_TITLE": "Event Tracking",
    "SITE_HEADER": "Event Tracking",
    "SITE_SYMBOL": "outgoing_mail",
    "SITE_URL": None,
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "tracking.admin.dashboard.fill",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: f"/{STATIC_URL}tracking/favicon.svg"}
    ],
    "STYLES": [lambda request: f"/{STATIC_URL}tracking/admin.css"],
    "SIDEBAR": {"navigation": "tracking.admin.navigation.sidebar", "show_search": False},
}
