"""One settings file, read from the environment. `.env.example` explains each value.

PORTAL_ENV is one of:
    production   the default; refuses to start without its secrets
    demo         what `manage.py demo` sets: SQLite, mail to a folder, no second factor forced
    test         what the tests set
"""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environs import Env

from portal import queue_settings

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env()
PORTAL_ENV = env.str("PORTAL_ENV", "production")
if PORTAL_ENV not in {"production", "demo", "test"}:
    raise ImproperlyConfigured(f"PORTAL_ENV is {PORTAL_ENV!r}; it must be production, demo or test.")
PRODUCTION = PORTAL_ENV == "production"

# .env is the real clinic's: neither the demo nor a test may reach its database or its mail server by accident.
if PRODUCTION and (BASE_DIR / ".env").is_file():
    env.read_env(str(BASE_DIR / ".env"), recurse=False)
DATA_DIR = Path(env.str("PORTAL_DATA_DIR", str(BASE_DIR / ".data" / ("" if PRODUCTION else PORTAL_ENV))))
if PORTAL_ENV == "demo" and (DATA_DIR / "keys.env").is_file():
    env.read_env(str(DATA_DIR / "keys.env"), recurse=False)

_missing: list[str] = []


def required(name: str, how: str, *, elsewhere: str = "", shortest: int = 1) -> str:
    """A value that production can't do without; `elsewhere` is what demo and test take instead."""
    value = env.str(name, "")
    if PRODUCTION and len(value) < shortest:
        _missing.append(f"{name} is {'too short to be a secret' if value else 'not set'}. {how}")
    return value if value or PRODUCTION else elsewhere


def _throwaway(purpose: str) -> str:
    """A fixed value for tests only, derived so that it looks like no real secret."""
    return hashlib.sha256(f"clinic portal, {PORTAL_ENV}, {purpose}".encode()).hexdigest()


DEBUG = env.bool("DEBUG", False)
if DEBUG and PRODUCTION:
    raise ImproperlyConfigured("DEBUG is on in production: error pages would show patients' data. Unset it.")

SECRET_KEY = required(
    "SECRET_KEY", "Make one with: python3 manage.py make_key secret", elsewhere=_throwaway("secret"), shortest=32
)
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
# "id:base64,id:base64": the first key encrypts, all of them decrypt. Read by portal.common.crypto.keys.
PORTAL_ENCRYPTION_KEYS = required(
    "PORTAL_ENCRYPTION_KEYS",
    "Make one with: python3 manage.py make_key encryption. Keep a copy apart from the database: "
    "without it no note can be read.",
    elsewhere="test:" + "dGhpcy1pcy1vbmx5LWEta2V5LWZvci10aGUtdGVzdHM=",
)
TRAIL_KEY = required(
    "TRAIL_KEY", "Make one with: python3 manage.py make_key trail", elsewhere=_throwaway("trail"), shortest=32
)
TRAIL_KEY_FALLBACKS: list[str] = env.list("TRAIL_KEY_FALLBACKS", [])

# The address people type; links in e-mails and Twilio's signatures are built from it.
PORTAL_BASE_URL = required(
    "PORTAL_BASE_URL",
    "Set it to the portal's public address, such as https://portal.example.com",
    elsewhere="http://127.0.0.1:8000",
).rstrip("/")
_base = urlsplit(PORTAL_BASE_URL)
if PRODUCTION and PORTAL_BASE_URL and _base.scheme != "https":
    raise ImproperlyConfigured(f"PORTAL_BASE_URL is {PORTAL_BASE_URL!r}; production is served over https.")
_HERE = [] if PRODUCTION else ["127.0.0.1", "localhost", "testserver", "[::1]"]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", [h for h in [_base.hostname] if h]) + _HERE
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", [PORTAL_BASE_URL] if _base.scheme == "https" else [])

# The portal's own rooms, from the ground floor up (docs/architecture.md).
FLOORS = ["common", "audit", "notifications", "worklist", "accounts", "clinic", "website", "policies", "patients"]
FLOORS += ["appointments", "medicare", "records", "billing", "messaging", "resources", "video", "journeys", "ops"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "crispy_forms",
    "csp",
    "django_filters",
    "django_htmx",
    "django_q",
    "django_tables2",
    "lucide",
    "phonenumber_field",
    "template_partials",
    *(f"portal.{app}" for app in FLOORS),
]

MIDDLEWARE = [
    "portal.common.web.logs.log_requests",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.common.web.middleware.private_by_default",
    "portal.common.web.outage.nobody_waits",
    "portal.common.web.error_pages.addresses_have_an_end",
    "portal.common.kept.once_a_request",
    "portal.common.web.middleware.questions_are_utf_8",
    "portal.common.web.middleware.cookies_can_be_looked_up",
    "portal.common.web.pagecache.pages_for_readers",
    "portal.common.web.sessions.Sessions",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "portal.accounts.middleware.PeopleWithTheirSession",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "portal.accounts.kept_forms.middleware.forms_outlast_sessions",
    "portal.accounts.middleware.sessions_end",
    "portal.accounts.middleware.staff_need_a_second_factor",
    "portal.accounts.middleware.refusals_leave_a_trace",
    "portal.common.web.error_pages.opened_by_forms_alone",
]

ROOT_URLCONF, WSGI_APPLICATION = "portal.urls", "portal.wsgi.application"

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
                "portal.common.web.theme.look",
                "portal.website.context.website",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "portal.common.templatetags.portal",
                "portal.common.templatetags.when",
                "portal.accounts.templatetags.form_marks",
                "portal.website.templatetags.texts",
                "template_partials.templatetags.partials",
            ],
        },
    }
]

# ---- Data ------------------------------------------------------------------------------------------------------------

_sqlite_options = {
    # Without IMMEDIATE, read-then-write transactions fail with "database is locked" under load.
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;"
        "PRAGMA cache_size=-20000;PRAGMA mmap_size=134217728;PRAGMA recursive_triggers=ON;"
    ),
}
# Set by `manage.py worker`: a psycopg pool is shared across the queue's forks, and starves it.
IN_WORKER = env.bool("PORTAL_IN_WORKER", False)
if env.str("DATABASE_URL", ""):
    DATABASES = {"default": env.dj_db_url("DATABASE_URL")}
else:
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(DATA_DIR / "portal.sqlite3")}}
_db = DATABASES["default"]
ON_POSTGRES = "postgres" in _db["ENGINE"]
if ON_POSTGRES:
    # Django's own, over lines that notice when nobody is at their other end.
    _db |= {"ENGINE": "portal.common.database.postgresql", "CONN_HEALTH_CHECKS": True, "CONN_MAX_AGE": 60}
    if not IN_WORKER and env.bool("DATABASE_POOL", PORTAL_ENV != "test"):
        _db["CONN_MAX_AGE"] = 0
        _db.setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": env.int("DATABASE_POOL_SIZE", 8)}
else:
    _db["CONN_MAX_AGE"] = 600
    _db["OPTIONS"] = _sqlite_options
    # Races need a real file: threads on an in-memory database share one connection.
    _db["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", "")
SESSION_ENGINE = "portal.accounts.session_store"
CACHES: dict[str, dict[str, str | dict[str, int]]]
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
    SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
elif PORTAL_ENV == "test":
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
else:
    # Sign-in's rate limits live in the cache, so every process must see the same one.
    # Beyond Django's 300 entries the oldest would be thrown away, the count of somebody's wrong passwords among them.
    CACHES = {
        "default": {
            "BACKEND": "portal.common.database.cache.DatabaseCache",
            "LOCATION": "portal_cache",
            "OPTIONS": {"MAX_ENTRIES": 20_000},
        }
    }
# Pages that are the same for every reader, in each process's own memory: portal/common/web/pagecache.py. None in tests.
CACHES["readers"] = {
    "BACKEND": f"django.core.cache.backends.{'dummy.DummyCache' if PORTAL_ENV == 'test' else 'locmem.LocMemCache'}",
    "LOCATION": "readers",
    "OPTIONS": {"MAX_ENTRIES": 300},
}

MEDIA_ROOT = DATA_DIR / "uploads"
MEDIA_URL = "/uploads-are-served-by-views/"
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "portal.common.media.uploads.CappedUploads",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_MEMORY_SIZE, DATA_UPLOAD_MAX_NUMBER_FIELDS = 2 * 1024 * 1024, 500
FILE_UPLOAD_PERMISSIONS = 0o600

# ---- People ----------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [f"django.contrib.auth.hashers.{'MD5' if PORTAL_ENV == 'test' else 'Argon2'}PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "portal.clinic.passwords.NotTheClinicsName"},
    {"NAME": "portal.clinic.passwords.NotAPattern", "OPTIONS": {"from_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "account_home"
ACCOUNT_ADAPTER = "portal.accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {
    "signup": "portal.accounts.forms.SignUpForm",
    "login": "portal.accounts.forms.SignInForm",
    "reset_password": "portal.accounts.forms.ForgottenPasswordForm",
    "reset_password_from_key": "portal.accounts.forms.NewPasswordByLinkForm",
    "change_password": "portal.accounts.forms.NewPasswordForm",
    "add_email": "portal.accounts.forms.NewEmailForm",
    "change_email": "portal.accounts.forms.CorrectedEmailForm",
    "confirm_email_verification_code": "portal.accounts.forms.EmailedCodeForm",
}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
# Everybody has one address; a new one replaces it once it is verified. The old one is told, as of every such change.
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
PASSWORD_RESET_TIMEOUT = 24 * 60 * 60
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
RATE_LIMITS_OFF = env.bool("PORTAL_RATE_LIMITS_OFF", False) and not PRODUCTION
# Tries at passwords and codes, and the e-mails that bring codes, are counted by portal/accounts/attempts.py.
_limits = {"login": "", "login_failed": "", "confirm_email": "", "signup": "20/m/ip", "reset_password": "20/m/ip"}
_limits |= {"reset_password_from_key": "20/m/ip", "change_password": "5/m/user", "manage_email": "10/m/user"}
ACCOUNT_RATE_LIMITS: dict[str, str] = {} if RATE_LIMITS_OFF else _limits | {"reauthenticate": "10/m/user"}
# How many proxies of ours stand before the portal. Limits count by address, and only what our own proxies wrote into
# X-Forwarded-For is believed: the rest of that header is whatever the visitor sent.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", int(PRODUCTION and env.bool("BEHIND_PROXY", True)))
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_FORMS = {
    "activate_totp": "portal.accounts.forms.NewAuthenticatorForm",
    "authenticate": "portal.accounts.forms.SecondFactorForm",
    "reauthenticate": "portal.accounts.forms.ConfirmItsYouForm",
    "login_webauthn": "portal.accounts.passkeys.PasskeySignInForm",
    "authenticate_webauthn": "portal.accounts.passkeys.PasskeySecondFactorForm",
    "reauthenticate_webauthn": "portal.accounts.passkeys.PasskeyItsYouForm",
    "add_webauthn": "portal.accounts.passkeys.NewPasskeyForm",
    "edit_webauthn": "portal.accounts.passkeys.RenamedPasskeyForm",
}
# Clocks of phones differ: the code before and the one after are taken too, each of them once.
MFA_TOTP_TOLERANCE = 1
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = env.str("MFA_TOTP_ISSUER", "Clinic portal")
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
# A passkey can't be guessed: only a flood from one place is held up.
MFA_RATE_LIMITS = {"webauthn_login": "120/m/ip"}
MFA_ADAPTER = "portal.accounts.adapter.MfaAdapter"
USERSESSIONS_TRACK_ACTIVITY = False
# Staff must have a second factor before they see anything; the demo does not ask for one.
STAFF_SECOND_FACTOR = env.bool("STAFF_SECOND_FACTOR", PORTAL_ENV != "demo")
STAFF_IDLE = timedelta(minutes=env.int("STAFF_IDLE_MINUTES", 15))
PATIENT_IDLE = timedelta(minutes=env.int("PATIENT_IDLE_MINUTES", 60))
# However busy somebody is: so long after signing in they sign in again.
STAFF_SESSION = timedelta(hours=env.int("STAFF_SESSION_HOURS", 12))
PATIENT_SESSION = timedelta(days=env.int("PATIENT_SESSION_DAYS", 7))
MOST_HOLDS = {"address": env.int("MOST_HOLDS_FROM_ONE_ADDRESS", 6), "account": env.int("MOST_HOLDS_OF_ONE_ACCOUNT", 2)}
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
COOKIE_PREFIX = "__Host-" if PRODUCTION else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}portal_session"
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"

# ---- Notices and the queue -------------------------------------------------------------------------------------------

DEFAULT_FROM_EMAIL = SERVER_EMAIL = required(
    "DEFAULT_FROM_EMAIL",
    'Set the sender of e-mails, such as "Banksia Lane <desk@example.com>"',
    elsewhere="Clinic <desk@demo.example>",
)
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
if required("EMAIL_URL", "Set the mail server, such as submission://user:password@mail.example.com:587"):
    _email = env.dj_email_url("EMAIL_URL")
    EMAIL_BACKEND = _email.get("EMAIL_BACKEND", "")
    EMAIL_HOST, EMAIL_PORT = _email["EMAIL_HOST"], _email["EMAIL_PORT"]
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _email["EMAIL_HOST_USER"], _email["EMAIL_HOST_PASSWORD"]
    EMAIL_USE_TLS, EMAIL_USE_SSL = _email["EMAIL_USE_TLS"], _email["EMAIL_USE_SSL"]
    if not EMAIL_BACKEND.endswith("smtp.EmailBackend") or not EMAIL_HOST:
        raise ImproperlyConfigured("EMAIL_URL can't be read; it looks like submission://user:password@mail.example.com")
    if EMAIL_HOST_PASSWORD and not (EMAIL_USE_TLS or EMAIL_USE_SSL):
        raise ImproperlyConfigured("EMAIL_URL would send its password in clear: use submission://, or ?ssl=true")
EMAIL_FILE_PATH, EMAIL_TIMEOUT = str(DATA_DIR / "mail"), 20

Q_CLUSTER = queue_settings.cluster(workers=env.int("WORKERS", 2))
OUTSIDE_CALENDARS_OVER_HTTP = env.bool("OUTSIDE_CALENDARS_OVER_HTTP", False) and not PRODUCTION  # to try things out
# What every notice's template knows, beside its own context: functions that take nothing and return a dict.
NOTICE_CONTEXT = ["portal.website.context.for_notices"]
NOTICE_NEVER_NAMES = "portal.website.context.never_named"

STRIPE_API = "https://api.stripe.com"  # no keys: pay at the desk; elsewhere a stand-in, in the demo and in tests alone
STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET = env.str("STRIPE_SECRET_KEY", ""), env.str("STRIPE_WEBHOOK_SECRET", "")
STRIPE_API_BASE = env.str("STRIPE_API_BASE", STRIPE_API).rstrip("/")
STRIPE_CHECKOUT_ORIGIN = env.str("STRIPE_CHECKOUT_ORIGIN", "https://checkout.stripe.com").rstrip("/")
if bool(STRIPE_SECRET_KEY) != bool(STRIPE_WEBHOOK_SECRET):
    raise ImproperlyConfigured("STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET go together: set both, or none.")
if PRODUCTION and (STRIPE_API_BASE != STRIPE_API or not STRIPE_CHECKOUT_ORIGIN.startswith("https://")):
    raise ImproperlyConfigured("Production asks Stripe's own STRIPE_API_BASE, and an https STRIPE_CHECKOUT_ORIGIN.")
TWILIO_API = "https://api.twilio.com"  # no account: no texts
TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN = env.str("TWILIO_ACCOUNT_SID", ""), env.str("TWILIO_AUTH_TOKEN", "")
TWILIO_API_KEY, TWILIO_API_SECRET = env.str("TWILIO_API_KEY", ""), env.str("TWILIO_API_SECRET", "")
TWILIO_SMS_FROM, TWILIO_WHATSAPP_FROM = env.str("TWILIO_SMS_FROM", ""), env.str("TWILIO_WHATSAPP_FROM", "")
TWILIO_API_BASE = env.str("TWILIO_API_BASE", TWILIO_API).rstrip("/")
TWILIO_WHATSAPP_TEMPLATE = env.str("TWILIO_WHATSAPP_TEMPLATE", "")
VIDEO = env.str("VIDEO", "off").rstrip("/").removesuffix("off")  # off, twilio, or a stand-in's address, to try it out
_twilio = {bool(each) for each in (TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_API_KEY, TWILIO_API_SECRET)}
if len(_twilio) > 1 or (PRODUCTION and TWILIO_API_BASE != TWILIO_API):
    raise ImproperlyConfigured("Set all of Twilio's SID, token, key and secret, or none, with Twilio's own address.")
if VIDEO and (not TWILIO_API_KEY if VIDEO == "twilio" else PRODUCTION):
    raise ImproperlyConfigured("VIDEO is off, or twilio with all of Twilio's settings.")

# ---- Words, places, looks --------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-au"
LANGUAGES = [
    ("en-au", _("English")),
    ("zh-hans", _("Simplified Chinese")),
    ("vi", _("Vietnamese")),
    ("ar", _("Arabic")),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
# Each location has a zone of its own; this one only serves when no location is at hand.
TIME_ZONE = env.str("TIME_ZONE", "Australia/Melbourne")
PHONENUMBER_DEFAULT_REGION = "AU"
PHONENUMBER_DB_FORMAT, PHONENUMBER_DEFAULT_FORMAT = "E164", "NATIONAL"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "portal.common.web.stylesheet.StylesheetFinder",
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
# Outside production the files are served from where they are written.
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(DATA_DIR / "static"))) if PRODUCTION else None
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["map", "woff2", "png", "jpg", "webp", "avif", "gz", "br"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
FORM_RENDERER = "portal.common.forms.renderer.PortalRenderer"
CRISPY_TEMPLATE_PACK, CRISPY_ALLOWED_TEMPLATE_PACKS, CRISPY_FAIL_SILENTLY = "portal_forms", ["portal_forms"], False
DJANGO_TABLES2_TEMPLATE = "tables/table.html"

# ---- Safety ----------------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        **{f"{kind}-src": [SELF] for kind in ("script", "style", "font", "media", "connect", "manifest")},
        "img-src": [SELF, "data:"],
        "base-uri": [NONE],
        "form-action": [SELF, *([STRIPE_CHECKOUT_ORIGIN] if STRIPE_SECRET_KEY else [])],  # where "Pay" leads on to
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
X_FRAME_OPTIONS, SECURE_REFERRER_POLICY = "DENY", "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
MESSAGE_STORAGE = "portal.common.web.cookies.Messages"
CSRF_FAILURE_VIEW = "portal.accounts.kept_forms.middleware.stale_form"
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", True)
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 365 * 24 * 60 * 60)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    if env.bool("BEHIND_PROXY", True):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LOGGING_CONFIG = "portal.common.web.logs.configure"
LOGGING = {"level": env.log_level("LOG_LEVEL", logging.WARNING), "json": env.bool("LOG_JSON", PRODUCTION)}
LOGGING |= {"requests": env.bool("ACCESS_LOG", PRODUCTION)}

if _missing:
    raise ImproperlyConfigured("The portal can't start yet:\n  - " + "\n  - ".join(_missing))
