"""What somebody types as an address is never fetched from inside, and never for long, whatever answers."""

import gzip
import socket
import ssl
import threading
import time
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal.appointments.outside import addresses
from portal.appointments.outside.addresses import BadAddress
from portal.appointments.outside.fetching import THE_NET, FetchFailed, Net, fetch, is_public
from tests.appointments.outside.conftest import PUBLIC

BODY = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


def refused(address, net, **known):
    with pytest.raises(FetchFailed) as problem:
        fetch(address, net=net, **known)
    return problem.value.reason


def sends(*parts):
    def answer(asked, send):
        for part in parts:
            send(part)

    return answer


def to(location, status=302):
    return sends(f"HTTP/1.1 {status} Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())


# ---- Which numbers ---------------------------------------------------------------------------------------------------

INSIDE = [
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),  # noqa: S104
    *("169.254.169.254", "169.254.170.2", "100.64.0.1", "100.100.100.200", "192.0.0.192", "168.63.129.16"),
    *("192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.250"),
    *("240.0.0.1", "255.255.255.255", "192.88.99.1"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:7f00:1", "::ffff:168.63.129.16"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:7f00:1::", "::127.0.0.1"),
    *("100::1", "localhost", "nothing", "2130706433", "0x7f.1"),
]


@pytest.mark.parametrize("number", INSIDE)
def test_numbers_that_are_not_of_the_open_internet(number):
    assert not is_public(number)


@pytest.mark.parametrize("number", [PUBLIC, "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_numbers_of_the_open_internet(number):
    assert is_public(number)


@pytest.mark.parametrize("numbers", [[number] for number in INSIDE] + [[PUBLIC, "10.0.0.1"], ["::1", PUBLIC], []])
def test_a_name_that_leads_inside_is_not_asked(serve, numbers):
    server, net = serve(BODY, numbers={"calendar.example": numbers})
    assert refused("http://calendar.example/a.ics", net) == ("refused" if numbers else "unreachable")
    assert server.requests == []


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
def test_a_number_in_the_address_leads_nowhere_inside(settings, host):
    """By the machine's own look-up."""
    settings.PORTAL_BASE_URL = "https://portal.example"
    settings.OUTSIDE_CALENDARS_OVER_HTTP = True
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)

        def connect(number, port, timeout):
            return socket.create_connection(listener.getsockname(), timeout=timeout)

        net = Net(look_up=THE_NET.look_up, connect=connect)
        assert refused(f"http://{host}/", net) in {"refused", "unreachable"}
        with pytest.raises(TimeoutError):
            listener.accept()


def test_it_connects_to_the_number_that_was_checked_and_looks_up_once(serve):
    """A name that has another number a moment later is not asked what it is then."""
    server, net = serve(BODY)
    assert fetch("http://calendar.example/a.ics", net=net).body == BODY
    assert (server.looked_up, server.number) == (["calendar.example"], PUBLIC)


# ---- Redirects -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location",
    [
        *("http://metadata.example/latest/", "http://169.254.169.254/", "//metadata.example/", "http://[::1]/"),
        *("file:///etc/passwd", "ftp://calendar.example/", "gopher://calendar.example/", "http://calendar.example:22/"),
        *("http://user:word@calendar.example/", "", "http://"),
    ],
)
def test_a_redirect_that_leads_inside_or_elsewhere_than_the_web_is_not_followed(serve, status, location):
    numbers = {
        "metadata.example": ["169.254.169.254"],
        "169.254.169.254": ["169.254.169.254"],
        "::1": ["::1"],
    }
    server, net = serve(to(location, status), numbers=numbers)
    assert refused("http://calendar.example/a.ics", net) in {"refused", "redirects"}
    # One that leads to itself asks again; nothing else was asked.
    assert {request.split("\r\n")[1] for request in server.requests} == {"Host: calendar.example"}


def test_redirects_in_the_open_are_followed_and_not_for_ever(serve):
    def answer(asked, send):
        if asked.startswith("GET /moved.ics "):
            send(b"HTTP/1.1 200 OK\r\n\r\n" + BODY)
        else:
            to("/moved.ics")(asked, send)

    server, net = serve(answer)
    assert fetch("http://calendar.example/a.ics", net=net).body == BODY
    assert server.looked_up == ["calendar.example", "calendar.example"]
    _server, net = serve(to("/again"))
    assert refused("http://calendar.example/a.ics", net) == "redirects"


def test_from_https_nobody_is_led_to_http(settings):
    settings.OUTSIDE_CALENDARS_OVER_HTTP = False
    with pytest.raises(BadAddress, match="scheme"):
        addresses.checked("http://calendar.example/a.ics")


# ---- How much, and how long ------------------------------------------------------------------------------------------


def drip(asked, send):
    send(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(200):
        send(b"B")
        time.sleep(0.05)


def drip_headers(asked, send):
    send(b"HTTP/1.1 200 OK\r\n")
    for n in range(200):
        send(f"X-{n}: a\r\n".encode())
        time.sleep(0.05)


def silent(asked, send):
    time.sleep(5)


@pytest.mark.parametrize("answer", [drip, drip_headers, silent])
def test_a_slow_server_has_so_long_for_everything(serve, answer):
    _server, net = serve(answer, seconds=0.5)
    began = time.monotonic()
    assert refused("http://calendar.example/a.ics", net) == "slow"
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"Content-Length: 99\r\n",
        b"Content-Length: 99999999999\r\n",
        b"Transfer-Encoding: chunked\r\n",
    ],
)
def test_a_large_file_is_left_where_it_is(serve, head):
    chunk = b"5000\r\n" + b"a" * 0x5000 + b"\r\n" if b"chunked" in head else b"a" * 0x5000

    def answer(asked, send):
        send(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")
        for _ in range(100):
            send(chunk)

    _server, net = serve(answer, most_bytes=50_000)
    if b"99\r" in head and b"999" not in head:
        assert len(fetch("http://calendar.example/a.ics", net=net).body) == 99
    else:
        assert refused("http://calendar.example/a.ics", net) == "large"


@pytest.mark.parametrize("kind", ["gzip", "deflate", "br", "GZIP", "gzip, gzip"])
def test_what_is_packed_is_not_unpacked(serve, kind):
    bomb = gzip.compress(b"a" * 10_000_000)
    _server, net = serve(sends(f"HTTP/1.1 200 OK\r\nContent-Encoding: {kind}\r\n\r\n".encode(), bomb))
    assert refused("http://calendar.example/a.ics", net) == "packed"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "gone"),
        (b"HTTP/1.1 410 Gone\r\n\r\n", "gone"),
        (b"HTTP/1.1 401 Unauthorized\r\n\r\n", "sign_in"),
        (b"HTTP/1.1 500 Oh\r\n\r\n", "unreachable"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "unreachable"),
        (b"", "unreachable"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf", "unreachable"),
        (b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(200)) + b"\r\n", "unreachable"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", "unreachable"),
    ],
)
def test_other_answers_have_a_word(serve, answer, reason):
    _server, net = serve(sends(answer))
    assert refused("http://calendar.example/a.ics", net) == reason


# ---- What is sent ----------------------------------------------------------------------------------------------------


def test_what_was_there_is_asked_about_and_not_sent_again(serve):
    def answer(asked, send):
        if 'If-None-Match: "7"' in asked and "If-Modified-Since: Fri" in asked:
            send(b"HTTP/1.1 304 Not Modified\r\n\r\n")
        else:
            send(b'HTTP/1.1 200 OK\r\nETag: "7"\r\nLast-Modified: Fri, 02 Apr 2027 00:00:00 GMT\r\n\r\n' + BODY)

    _server, net = serve(answer)
    first = fetch("http://calendar.example/a.ics", net=net)
    assert (first.body, first.etag) == (BODY, '"7"')
    again = fetch("http://calendar.example/a.ics", etag=first.etag, modified=first.modified, net=net)
    assert again.body is None


@pytest.mark.parametrize("etag", ['"' + "a" * 500 + '"', '"é"', '"a\tb"'])
def test_no_odd_word_is_kept_to_be_sent_back(serve, etag):
    _server, net = serve(sends(b"HTTP/1.1 200 OK\r\nETag: " + etag.encode() + b"\r\n\r\n" + BODY))
    assert fetch("http://calendar.example/a.ics", net=net).etag == ""


def test_it_says_who_asks_and_nothing_else(serve):
    server, net = serve(BODY)
    fetch("http://calendar.example/a.ics?key=1", net=net)
    [asked] = server.requests
    lines = asked.split("\r\n")
    assert lines[0] == "GET /a.ics?key=1 HTTP/1.1"
    names = {line.partition(":")[0] for line in lines[1:] if line}
    assert names == {"Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"}


# ---- TLS -------------------------------------------------------------------------------------------------------------


def certificate(tmp_path, name):
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    # TLS looks at the machine's own clock, which no test can shift.
    first, last = datetime(2026, 1, 1, tzinfo=UTC), datetime(2126, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(first)
        .not_valid_after(last)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / f"{name}.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize(("host", "reason"), [("calendar.example", None), ("other.example", "certificate")])
@pytest.mark.parametrize("is_known", [True, False])
def test_the_certificate_is_the_names_and_of_somebody_known(serve, tmp_path, host, reason, is_known):
    path = certificate(tmp_path, "calendar.example")
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(path)
    ours = ssl.create_default_context(cafile=path if is_known else None)
    _server, plain = serve(BODY)

    def connect(number, port, timeout):
        near, far = socket.socketpair()

        def talk():
            with far:
                try:
                    line = server_side.wrap_socket(far, server_side=True)
                    line.recv(4096)
                    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY)
                    line.close()
                except (OSError, ssl.SSLError):
                    pass

        threading.Thread(target=talk, daemon=True).start()
        near.settimeout(timeout)
        return near

    net = Net(look_up=plain.look_up, connect=connect, tls=lambda: ours)
    if is_known and reason is None:
        assert fetch(f"https://{host}/a.ics", net=net).body == BODY
    else:
        assert refused(f"https://{host}/a.ics", net) == "certificate"


# ---- Addresses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        *("", "calendar.example/a.ics", "ftp://calendar.example/", "file:///etc/passwd", "javascript:alert(1)"),
        *(
            "http://calendar.example/",
            "https://",
            "https:///a.ics",
            "https://a@calendar.example/",
            "https://a:b@c.example/",
        ),
        *("https://calendar.example:22/", "https://calendar.example:0/", "https://calendar.example:99999/"),
        *("https://calendar.example/a b", "https://calendar.example/\r\nX: a", "https://calendär.example/"),
        *("https://calendar.example\\@evil.example/", "https://[::1/", "https://portal.example/calendar/abc.ics"),
        "https://calendar.example/" + "a" * 3000,
    ],
)
def test_addresses_that_are_not_taken(settings, address):
    settings.PORTAL_BASE_URL = "https://portal.example"
    with pytest.raises(BadAddress):
        addresses.normal(address)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" https://Calendar.example/a.ics?key=1#now ", "https://calendar.example/a.ics?key=1"),
        ("webcal://calendar.example/a.ics", "https://calendar.example/a.ics"),
        ("https://calendar.example:443", "https://calendar.example/"),
        ("https://calendar.example./a", "https://calendar.example/a"),
    ],
)
def test_addresses_that_are_taken(typed, kept):
    assert addresses.normal(typed) == kept


def test_what_is_shown_of_one_opens_nothing():
    shown = addresses.masked("https://calendar.google.com/calendar/ical/anna%40x/private-0123456789/basic.ics")
    assert shown == "calendar.google.com/…"
