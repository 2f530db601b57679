"""The one settings file. Everything comes from the environment or `.env`; `.env.example` has names, units, defaults."""

import os
from datetime import timedelta
from pathlib import Path

import environ
from celery.schedules import crontab

from config import broker

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
    "django.contrib.admin.apps.SimpleAdminConfig",  # pages are found by config.urls: workers need none
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "csp",
    "axes",
    "django_otp",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "tracking",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tracking.page_policy.PagePolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tracking.denials.DenialLog",
    "django_otp.middleware.OTPMiddleware",
    "tracking.admin.login.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",  # the last: it answers in place of a login that it has refused
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
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # A server that goes without a word would be waited for as long as the system likes: minutes, or two hours. Given up
    # in half a lease, there is time left to write down elsewhere what was sent. The query of DATABASE_URL goes before.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 10,  # seconds, each host
        "keepalives_idle": 10,  # seconds of silence until it is asked whether it is there
        "keepalives_interval": 5,  # seconds until it is asked again
        "keepalives_count": 3,
        "tcp_user_timeout": 25_000,  # milliseconds in which its machine must confirm what it was sent
    } | DATABASES["default"].get("OPTIONS", {})

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

# --- Login: guessing is slowed, a second factor is possible or asked of all (tracking/admin/login.py) -----------------

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_FAILURE_LIMIT = env.int("TRACKING_LOGIN_TRIES", default=5)
TRACKING_LOGIN_TRIES_OF_ADDRESS = env.int("TRACKING_LOGIN_TRIES_OF_ADDRESS", default=30)
AXES_HANDLER = "tracking.admin.login.LoginGuard"  # one password tried on many names from one address is slowed too
AXES_COOLOFF_TIME = timedelta(minutes=env.int("TRACKING_LOGIN_LOCK_MINUTES", default=15))
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]  # both together: a stranger elsewhere locks nobody out
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # whoever goes on trying does not wait for ever
AXES_CLIENT_IP_CALLABLE = "tracking.denials.address_of"
AXES_LOCKOUT_CALLABLE = "tracking.admin.login.refuse"
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False  # its settings, at the start of every command
AXES_ENABLE_ADMIN = False  # `manage.py axes_reset_username NAME` lets somebody in again
TRACKING_REQUIRE_SECOND_FACTOR = env.bool("TRACKING_REQUIRE_SECOND_FACTOR", default=False)

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
FORMAT_MODULE_PATH = ["config.formats"]
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATIC_ROOT.mkdir(exist_ok=True)  # empty where collectstatic was not run; WhiteNoise complains of a missing one
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True  # serves from the packages where collectstatic was not run

DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024  # bytes: a list of 1,000 events of 8 KiB, or of 128 of the largest

# --- What browsers may do, and over what; a view that needs another policy says so by tracking/page_policy.py ---------

TRACKING_BASE_URL = env.str("TRACKING_BASE_URL", default="http://127.0.0.1:8000")  # links in alert mails
HTTPS_ONLY = env.bool("HTTPS_ONLY", default=TRACKING_BASE_URL.startswith("https://"))
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS_ONLY
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # asked from inside, without the proxy
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=int(HTTPS_ONLY) * 31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.bool("HSTS_SUBDOMAINS", default=HTTPS_ONLY)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_HTTPS_PROXY", default=False) else None
TRACKING_PROXIES = env.int("TRACKING_PROXIES", default=1)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"  # but for foreign HTML, which stands in sandboxed frames of our own pages
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "frame-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

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
    "DEFAULT_SCHEMA_CLASS": "tracking.api.schema.Schema",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "Event Tracking",
    "VERSION": "1",
    "DESCRIPTION": "Events in, mails out: rules, their deliveries and everything around them. See docs/api.md.",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_PATCH": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": False, "tryItOutEnabled": False},
    "PATH_CONVERTER_OVERRIDES": {"id": {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}},
    "ENUM_NAME_OVERRIDES": {
        f"{name}Enum": f"tracking.choices.{name}"
        for name in ("AlertState", "DeliveryState", "JobKind", "JobState", "Reason", "RuleKind", "WatchState")
    },
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "tracking.api.schema.complete"],
}
TRACKING_API_TOKEN_RATE = env.int("TRACKING_API_TOKEN_RATE", default=12000)  # requests a minute of one token
TRACKING_API_SESSION_RATE = env.int("TRACKING_API_SESSION_RATE", default=600)  # of one person's session
TRACKING_API_DEAR_RATE = env.int("TRACKING_API_DEAR_RATE", default=60)  # of those, test runs, checks, lint, jobs

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
# After a reconnection Celery would raise the prefetch count task by task, from the tasks' threads: each asks RabbitMQ
# and reads the answer from the socket that the worker's own thread reads; frames are mixed up, and it takes no more.
CELERY_WORKER_ENABLE_PREFETCH_COUNT_REDUCTION = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_TIMEOUT = 2  # seconds
CELERY_BROKER_TRANSPORT_OPTIONS = broker.transport_options(CELERY_BROKER_URL)
CELERY_TASK_DEFAULT_QUEUE = "mail"
TRACKING_QUEUES = ["mail", "mail.slow", "watch"]  # each needs a worker
CELERY_TASK_ROUTES = {
    "tracking.tasks.drain_connection": {"queue": "mail"},
    "tracking.tasks.drain_doubtful": {"queue": "mail.slow"},  # servers that may hang keep no worker from the others
    "tracking.tasks.*": {"queue": "watch"},  # of its own, so that a flood of mail cannot delay the warning about it
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = env.str("TRACKING_BEAT_SCHEDULE", default=str(BASE_DIR / "var" / "celerybeat-schedule"))
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
TRACKING_SWEEP_SECONDS = env.float("TRACKING_SWEEP_SECONDS", default=5.0)
TRACKING_WATCH_SECONDS = env.float("TRACKING_WATCH_SECONDS", default=60.0)
_STALE = 6 * 3600  # seconds; far above what a worker's clock, which judges this, may differ from beat's
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "tracking.tasks.sweep_queue",
        "schedule": TRACKING_SWEEP_SECONDS,
        "options": {"expires": _STALE},
    },
    "watch": {
        "task": "tracking.tasks.watch_rules",
        "schedule": TRACKING_WATCH_SECONDS,
        "options": {"expires": _STALE},
    },
    "prune": {"task": "tracking.tasks.prune", "schedule": crontab(hour=3, minute=17), "options": {"expires": _STALE}},
} | {
    f"canary {queue}": {
        "task": "tracking.tasks.sing",
        "args": (queue,),
        "schedule": 60.0,
        "options": {"queue": queue, "expires": _STALE},
    }
    for queue in TRACKING_QUEUES
}

# --- The product's own knobs ------------------------------------------------------------------------------------------

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

TRACKING_SENDING = env.bool("TRACKING_SENDING", default=True)  # off: nothing is mailed, everything waits
TRACKING_MAX_TRIES = env.int("TRACKING_MAX_TRIES", default=20)
TRACKING_FIRST_RETRY_SECONDS = env.float("TRACKING_FIRST_RETRY_SECONDS", default=30.0)  # doubles to 4,000 s
TRACKING_MAX_CRASHES = env.int("TRACKING_MAX_CRASHES", default=3)  # claims that ended with a dead worker
TRACKING_DAILY_CAP = env.int("TRACKING_DAILY_CAP", default=10000)  # what a new rule's form begins with; 0: no cap
TRACKING_LIFETIME_HOURS = env.float("TRACKING_LIFETIME_HOURS", default=24.0)
TRACKING_KEEP_SENT_DAYS = env.float("TRACKING_KEEP_SENT_DAYS", default=14.0)  # sent and cancelled mails, events
TRACKING_KEEP_FAILED_DAYS = env.float("TRACKING_KEEP_FAILED_DAYS", default=90.0)  # failed and unknown ones, alerts
TRACKING_KEEP_AUDIT_DAYS = env.float("TRACKING_KEEP_AUDIT_DAYS", default=0.0)  # 0: for ever
TRACKING_SLICE_MAILS = env.int("TRACKING_SLICE_MAILS", default=200)
TRACKING_SLICE_SECONDS = env.float("TRACKING_SLICE_SECONDS", default=1.0)
TRACKING_CHUNK_MAILS = env.int("TRACKING_CHUNK_MAILS", default=20)
TRACKING_LEASE_SECONDS = env.float("TRACKING_LEASE_SECONDS", default=60.0)
TRACKING_HEARTBEAT_SECONDS = env.float("TRACKING_HEARTBEAT_SECONDS", default=10.0)

TRACKING_JOB_LEASE_SECONDS = env.float("TRACKING_JOB_LEASE_SECONDS", default=120.0)  # without progress: its worker died
TRACKING_JOBS_AT_ONCE = env.int("TRACKING_JOBS_AT_ONCE", default=2)  # of one kind, over all workers

# What costs others, at most; 0: no limit (tracking/store/quotas.py). Of one product, whoever asks:
TRACKING_MAX_MAILS_PER_DAY = env.int("TRACKING_MAX_MAILS_PER_DAY", default=0)
TRACKING_MAX_PRODUCT_TEST_MAILS_PER_HOUR = env.int("TRACKING_MAX_PRODUCT_TEST_MAILS_PER_HOUR", default=300)
TRACKING_MAX_PRODUCT_PREVIEWS_PER_MINUTE = env.int("TRACKING_MAX_PRODUCT_PREVIEWS_PER_MINUTE", default=600)
# Of one person:
TRACKING_MAX_TEST_MAILS_PER_HOUR = env.int("TRACKING_MAX_TEST_MAILS_PER_HOUR", default=60)
TRACKING_MAX_PREVIEWS_PER_MINUTE = env.int("TRACKING_MAX_PREVIEWS_PER_MINUTE", default=120)
TRACKING_MAX_CHECKS_PER_MINUTE = env.int("TRACKING_MAX_CHECKS_PER_MINUTE", default=10)

TRACKING_CATCHER_FOLDER = env.str("TRACKING_CATCHER_FOLDER", default="")  # a Maildir; empty: no catcher pages

# --- Metrics: files that all processes of a machine share (tracking/metrics.py) ---------------------------------------

TRACKING_METRICS_FOLDER = Path(env.str("TRACKING_METRICS_FOLDER", default=str(BASE_DIR / "var" / "metrics")))
TRACKING_METRICS_FOLDER.mkdir(parents=True, exist_ok=True)
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(TRACKING_METRICS_FOLDER))  # read when the client is imported

# --- Logs: one line of JSON each; structlog redacts secrets (tracking/logs.py) ----------------------------------------

LOGGING_CONFIG = "tracking.logs.configure"
DEFAULT_EXCEPTION_REPORTER_FILTER = "tracking.error_reports.ErrorReportFilter"
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
    "STYLES": [
        lambda request: f"/{STATIC_URL}tracking/admin.css",
        lambda request: f"/{STATIC_URL}tracking/charts.css",
        lambda request: f"/{STATIC_URL}tracking/log.css",
        lambda request: f"/{STATIC_URL}tracking/work.css",
    ],
    "SCRIPTS": [lambda request: f"/{STATIC_URL}tracking/reachable.js"],
    "ACCOUNT": {"navigation": "tracking.admin.navigation.account"},
    "SIDEBAR": {"navigation": "tracking.admin.navigation.sidebar", "show_search": False},
}
