"""Handing out private files: our type, our name, a cache that can't hold what is somebody's, and parts for players.

Uploads have no address of their own. A view decides who may have one, and this says how.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, quote_etag

CHUNK = 64 * 1024
ONE_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE | re.ASCII)


def file_response(
    request: HttpRequest,
    file: IO[bytes],
    *,
    size: int,
    media_type: str,
    name: str,
    digest: str,
    inline: bool,
    public: bool,
) -> HttpResponse | StreamingHttpResponse:
    """The file, a part of it, or 304; the file is closed once it is sent.

    `digest` tells its content apart. A single byte range is answered with 206; several at once get the whole file, as
    RFC 9110 allows. `inline` is for types that a browser shows and does nothing else with.
    """
    etag = quote_etag(digest[:32])
    response: HttpResponse | StreamingHttpResponse
    if unchanged := get_conditional_response(request, etag=etag):
        file.close()
        response = unchanged
        response.headers.pop("Content-Type", None)
    else:
        response = _whole_or_part(request, file, size=size, etag=etag)
    headers = response.headers
    if response.status_code in {200, 206}:
        headers["Content-Type"] = media_type
        headers["Content-Disposition"] = content_disposition_header(not inline, name) or "inline"
    headers["ETag"] = etag
    headers["Accept-Ranges"] = "bytes"
    # Asked each time: a file that was replaced or taken back must not be shown from a memory.
    headers["Cache-Control"] = "public, no-cache" if public else "no-store, private"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Content-Security-Policy"] = content_policy(media_type)
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Referrer-Policy"] = "no-referrer"
    if not public:
        headers["X-Robots-Tag"] = "noindex"
    return response


def content_policy(media_type: str) -> str:
    """What a file may do if a browser shows it: nothing. Chromium's own PDF viewer does not open in a sandbox."""
    if media_type == "application/pdf":
        return "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    if media_type.startswith("audio/"):
        return "default-src 'none'; media-src 'self'; sandbox; frame-ancestors 'none'"
    return "default-src 'none'; img-src 'self'; sandbox; frame-ancestors 'none'"


def is_first_part(request: HttpRequest, response: HttpResponse | StreamingHttpResponse) -> bool:
    """Whether somebody begins to read: not HEAD, not 304, not a later part, not a browser fetching ahead."""
    if request.method != "GET" or "prefetch" in request.headers.get("Sec-Purpose", request.headers.get("Purpose", "")):
        return False
    if response.status_code == 206:
        return response.headers["Content-Range"].startswith("bytes 0-")
    return response.status_code == 200


def _whole_or_part(request: HttpRequest, file: IO[bytes], *, size: int, etag: str) -> StreamingHttpResponse:
    wanted = request.headers.get("Range", "")
    # A part of another version is of no use to a reader who has parts of this one (RFC 9110, 13.1.5); and only GET has
    # parts (14.2): HEAD says how large the whole is.
    if wanted and request.headers.get("If-Range", etag) == etag and request.method == "GET":
        match = ONE_RANGE.fullmatch(wanted)
        if match and (match[1] or match[2]):
            return _part(request, file, match[1], match[2], size=size)
    return _sent(request, file, size, status=200)


def _part(request: HttpRequest, file: IO[bytes], first: str, last: str, *, size: int) -> StreamingHttpResponse:
    if first:
        start, end = int(first), min(int(last) if last else size - 1, size - 1)
        possible = start < size and (not last or int(first) <= int(last))
    else:
        start, end = max(size - int(last), 0), size - 1
        possible = min(int(last), size) > 0
    if not possible:
        response = _sent(request, file, 0, status=416)
        response.headers["Content-Range"] = f"bytes */{size}"
        response.headers.pop("Content-Type", None)
        return response
    file.seek(start)
    response = _sent(request, file, end - start + 1, status=206)
    response.headers["Content-Range"] = f"bytes {start}-{end}/{size}"
    return response


def _sent(request: HttpRequest, file: IO[bytes], length: int, *, status: int) -> StreamingHttpResponse:
    """HEAD gets the headers alone: not every server takes the body away."""
    if request.method == "HEAD" or not length:
        file.close()
        response = StreamingHttpResponse(iter(()), status=status)
    else:
        response = StreamingHttpResponse(_chunks(file, length), status=status)
        response._resource_closers.append(file.close)  # type: ignore[attr-defined]  # missing in the stubs
    response.headers["Content-Length"] = str(length)
    return response


def _chunks(file: IO[bytes], length: int) -> Iterator[bytes]:
    while length > 0 and (chunk := file.read(min(CHUNK, length))):
        length -= len(chunk)
        yield chunk
