"""The log: lines of JSON that name a request and a person's code, and say nothing about anybody.

A line has no query, no form, no address of a person, no words of an error: those may quote a patient's name. Of an
error it has the kind and where in the code it was; of a refused request (403, 404) nothing but that. What a person did
is in the trail.
"""

from __future__ import annotations

import json
import logging
import re
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from http import HTTPStatus
from logging.config import dictConfig
from traceback import extract_tb
from types import TracebackType
from typing import Any, TypedDict

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils.functional import SimpleLazyObject, empty
from django.utils.translation import get_language_from_path, override

HEADER = "X-Request-ID"
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
# Parts of addresses that open something: whoever reads the log may not use them.
SECRET_PARTS = frozenset({"token", "key", "uidb36", "word"})
# What lines of our own may say beside their message, in this order.
EXTRAS = ("method", "path", "status", "ms", "door", "account", "place")
# Words of libraries may quote what somebody typed.
_ADDRESS = re.compile(r"[^\s@<>\"'(]+@[^\s@<>\"')]+")
_NUMBER = re.compile(r"\d(?:[\s-]?\d){6,}")
LONGEST = 300
MOST_FRAMES = 12

access = logging.getLogger("portal.access")
_request: ContextVar[HttpRequest | None] = ContextVar("logged_request", default=None)

Handler = Callable[[HttpRequest], HttpResponse]


class Wanted(TypedDict):
    """What the settings say: the least level, whether lines are JSON, and whether each request has one."""

    level: int
    json: bool
    requests: bool


def configure(wanted: Wanted) -> None:
    """Sets the log up, as Django asks for it at the start: everything to the standard error output."""
    lines = "json" if wanted["json"] else "line"
    dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
                "json": {"()": JsonLines},
            },
            "handlers": {"console": {"class": "logging.StreamHandler", "formatter": lines}},
            "root": {"handlers": ["console"], "level": wanted["level"]},
            "loggers": {
                # Django's default mails tracebacks, with local variables, to ADMINS: a way out for clinical words.
                "django": {"handlers": ["console"], "level": max(wanted["level"], logging.WARNING), "propagate": False},
                access.name: {"level": "INFO" if wanted["requests"] else "WARNING"},
            },
        }
    )


def log_requests(get_response: Handler) -> Handler:
    """Gives each request an id, which its answer and each of its lines tell, and writes one line when it is over."""

    def middleware(request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        request.id = _id_of(request)  # type: ignore[attr-defined]
        reset = _request.set(request)
        try:
            response = get_response(request)
            response[HEADER] = request.id  # type: ignore[attr-defined]
            if access.isEnabledFor(logging.INFO) and not request.path.startswith(settings.STATIC_URL):
                milliseconds = round((time.perf_counter() - began) * 1000)
                extra = {"method": request.method, "path": safe_path(request), "status": response.status_code}
                access.info("request", extra={**extra, "ms": milliseconds})
            return response
        finally:
            _request.reset(reset)

    return middleware


def _id_of(request: HttpRequest) -> str:
    """The id that our own proxy gave it; anybody else's could make two requests look like one."""
    given = request.headers.get(HEADER, "")
    if settings.ALLAUTH_TRUSTED_PROXY_COUNT and _ID.fullmatch(given):
        return given
    return uuid.uuid4().hex


def safe_path(request: HttpRequest) -> str:
    """The address without its query, and without what opens something; of one that leads nowhere only its beginning."""
    path = request.path
    try:
        with override(get_language_from_path(path) or settings.LANGUAGE_CODE):
            parts = resolve(path).kwargs
    except Resolver404:
        first = path.split("/")[1]
        return f"/{first}/*" if re.fullmatch(r"[a-z][a-z-]{0,20}", first) else "/*"
    for name in SECRET_PARTS & parts.keys():
        path = path.replace(str(parts[name]), "*")
    return path


def person_of(request: HttpRequest) -> str:
    """The code of whoever is signed in, if the request has found out by now; empty for nobody."""
    user = getattr(request, "user", None)
    if isinstance(user, SimpleLazyObject) and user.__dict__.get("_wrapped") is empty:
        return ""
    return str(getattr(user, "code", "") or "")


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        request = _request.get() or getattr(record, "request", None)
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
        }
        if isinstance(request, HttpRequest):
            line["request"] = getattr(request, "id", "")
            line["person"] = person_of(request)
            if _is_of_a_request(record):
                line |= {"method": request.method, "path": safe_path(request)}
                line["status"] = getattr(record, "status_code", 0)
        line |= {name: getattr(record, name) for name in EXTRAS if hasattr(record, name)}
        if record.exc_info and record.exc_info[1] is not None and getattr(record, "status_code", 500) >= 500:
            line |= _error(record.exc_info[1])
        return json.dumps({name: value for name, value in line.items() if value != ""}, ensure_ascii=False, default=str)


def _is_of_a_request(record: logging.LogRecord) -> bool:
    """Whether Django says of a request what came of it: its own words hold the address, and what was wrong in it."""
    return hasattr(record, "status_code") and record.name.startswith("django.")


def _message(record: logging.LogRecord) -> str:
    if _is_of_a_request(record):
        status = int(getattr(record, "status_code", 0))
        return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Refused"
    words = record.getMessage().partition("\n")[0]
    return _NUMBER.sub("#", _ADDRESS.sub("@", words))[:LONGEST]


def _error(problem: BaseException) -> dict[str, Any]:
    """What kind of error it is, of which one it came, and where: never its words."""
    kinds: list[str] = []
    cause: BaseException | None = problem
    while cause is not None and len(kinds) < 5:
        kinds.append(type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    return {"error": " from ".join(kinds), "where": _frames(problem.__traceback__)}


def _frames(traceback: TracebackType | None) -> list[str]:
    frames = extract_tb(traceback)[-MOST_FRAMES:]
    return [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def _short(filename: str) -> str:
    for mark in ("site-packages/", f"{settings.BASE_DIR}/"):
        _before, found, after = filename.partition(mark)
        if found:
            return after
    return filename.rpartition("/")[2]
