"""Forms as a browser finds them on a page, and sends them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import html5lib
from django.db import connection, connections
from django.test import Client


def forms_on(response):
    """Every form of a page: its address, its method and its fields as they would be sent."""
    page = html5lib.parse(response.content.decode(), namespaceHTMLElements=False)
    for form in page.iter("form"):
        address = (form.get("action") or "").partition("#")[0]
        if not address or address.startswith("?"):
            address = response.request["PATH_INFO"]
        yield address, form.get("method", "get"), fields_of(form)


def fields_of(form):
    fields: dict = {}
    for element in form.iter():
        name, kind = element.get("name"), element.get("type")
        if not name or element.tag == "button":
            continue
        if element.tag == "textarea":
            fields[name] = element.text or ""
        elif element.tag == "select":
            options = list(element.iter("option"))
            chosen = [option for option in options if option.get("selected") is not None] or options[:1]
            if chosen:
                fields[name] = chosen[0].get("value", "")
        elif kind in {"checkbox", "radio"}:
            if element.get("checked") is not None:
                fields.setdefault(name, []).append(element.get("value", "on"))
        elif kind != "file":
            fields[name] = element.get("value", "")
    return fields


def form_to(response, address, *, with_field):
    """The fields of the first form of a page that is sent to this address and has this one among them."""
    sent_there = [fields for to, method, fields in forms_on(response) if (to, method) == (address, "post")]
    found = [fields for fields in sent_there if with_field in fields]
    assert found, (address, sent_there)
    return found[0]


def at_once(sendings):
    """Runs each in a thread of its own with a connection of its own, all let go together; their answers."""
    barrier = threading.Barrier(len(sendings))

    def run(send):
        connection.ensure_connection()
        barrier.wait(timeout=30)
        try:
            return send()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(sendings)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(run, send) for send in sendings]]


def same_browser(client):
    """Another window of the same browser."""
    other = Client()
    other.cookies = client.cookies.copy()
    return other
