"""Connections that say nothing, say it slowly, do not listen, or are too many, over sockets of their own."""

import asyncio
import socket
import threading
import time
from functools import partial

import pytest
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from mmdemo.server import connections
from mmdemo.server.connections import Connections, guarded, most
from mmdemo.server.quotas import CONNECTIONS, Limit

PROTOCOLS = [H11Protocol]
try:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    PROTOCOLS.append(HttpToolsProtocol)
except ImportError:  # it comes with uvicorn[standard] only
    pass

ASK = b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n"


async def page(scope, receive, send):
    """Answers at once, after a body, with much, or never."""
    if scope["type"] != "http":
        return
    if scope["path"] == "/wait":
        await receive()  # the end of the request
        await receive()
        return
    much = b"7" * (8_000_000 if scope["path"] == "/much" else 1)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(much))]})
    await send({"type": "http.response.body", "body": much})


@pytest.fixture(params=PROTOCOLS, ids=lambda protocol: protocol.__name__)
def served(request, monkeypatch):
    """The port of a server, and what it counts, for three connections of an address and five in all."""
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.6)
    monkeypatch.setattr(connections, "STALL_SECONDS", 0.6)
    counted = Connections(Limit(3, 5), by_address=True)
    settings = {**connections.SETTINGS, "timeout_keep_alive": 1, "log_level": "error", "lifespan": "off"}
    server = uvicorn.Server(uvicorn.Config(page, port=0, http=partial(guarded(request.param, counted)), **settings))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1], counted
    server.should_exit = server.force_exit = True
    thread.join(10)


def connected(port, address="127.0.0.1"):
    """A connection from one of this machine's own addresses."""
    return socket.create_connection(("127.0.0.1", port), 10, (address, 0))


def heard(connection):
    """All that comes until the end."""
    parts = []
    try:
        while part := connection.recv(65_536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def is_open(connection):
    """Whether it is answered."""
    try:
        connection.sendall(ASK % b"")
        answer = b""
        while not answer.endswith(b"\r\n\r\n7") and (part := connection.recv(1000)):
            answer += part
        return answer.startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def count_is(counted, number):
    until = time.monotonic() + 5
    while counted.total != number:
        assert time.monotonic() < until, counted.total
        time.sleep(0.01)


@pytest.mark.parametrize("said", [b"", b"G", b"GET / HTTP/1.1\r\nHost: a\r\n"])
def test_who_says_nothing_or_half_of_it_is_hung_up_on(served, said):
    port, counted = served
    with connected(port) as connection:
        connection.sendall(said)
        begun = time.monotonic()
        assert heard(connection) == b""
        assert 0.4 < time.monotonic() - begun < 5
    count_is(counted, 0)


def test_letter_by_letter_is_not_enough(served):
    port, _ = served
    with connected(port) as connection:
        begun = time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() < begun + 10:
                connection.sendall(b"GET / HTTP/1.1\r\n" if time.monotonic() < begun + 0.1 else b"a: b\r\n")
                time.sleep(0.1)
        assert time.monotonic() - begun < 5


def test_so_is_it_after_an_answer(served):
    port, _ = served
    with connected(port) as connection:
        assert is_open(connection)
        begun = time.monotonic()
        with pytest.raises(OSError):
            for letter in ASK * 100:
                connection.sendall(bytes([letter]))
                time.sleep(0.1)
        assert time.monotonic() - begun < 5


def test_a_body_that_nobody_waits_for_does_not_keep_a_connection(served):
    port, _ = served
    with connected(port) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
        begun = time.monotonic()
        with pytest.raises(OSError):
            for _ in range(100):
                connection.sendall(b"7")
                time.sleep(0.1)
        assert time.monotonic() - begun < 5


def test_who_does_not_listen_is_hung_up_on(served):
    port, counted = served
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", port))
        connection.sendall(ASK % b"much")
        count_is(counted, 1)
        count_is(counted, 0)


def test_who_listens_slowly_is_answered(served):
    port, _ = served
    with connected(port) as connection:
        connection.sendall(ASK % b"much")
        length = 0
        while length < 8_000_000:
            length += len(connection.recv(400_000))
            time.sleep(0.03)


def test_a_stream_may_last(served):
    port, counted = served
    with connected(port) as connection:
        connection.sendall(ASK % b"wait")
        time.sleep(1.5)
        count_is(counted, 1)


def test_ones_own_idle_connection_goes_first(served):
    port, counted = served
    first, other = connected(port), connected(port, "127.0.0.2")
    assert is_open(first) and is_open(other)
    streams = [connected(port) for _ in range(2)]
    for stream in streams:
        stream.sendall(ASK % b"wait")
    time.sleep(0.2)
    fourth = connected(port)
    assert heard(first) == b"" and is_open(other) and is_open(fourth)
    fourth.sendall(ASK % b"wait")
    time.sleep(0.2)
    assert heard(connected(port)) == b""  # all others are in use, so the new one goes
    assert is_open(other)
    count_is(counted, 4)


def test_if_there_are_too_many_in_all_one_of_whoever_has_most_goes(served):
    port, counted = served
    many = [connected(port) for _ in range(3)]
    for each in many:
        each.sendall(ASK % b"wait")
    time.sleep(0.2)
    few = [connected(port, f"127.0.0.{number}") for number in (2, 3, 4)]
    assert all(is_open(each) for each in few)
    assert heard(many[0]) == b""
    count_is(counted, 5)


def test_there_are_fewer_where_few_files_may_be_open(monkeypatch):
    resource = pytest.importorskip("resource", reason="needs a system with limits to open files")
    monkeypatch.setattr(resource, "getrlimit", lambda which: (256, 256))
    assert most() == Limit(64, 128)
    monkeypatch.setattr(resource, "getrlimit", lambda which: (resource.RLIM_INFINITY,) * 2)
    assert most() == CONNECTIONS


def test_behind_a_proxy_an_address_is_everybodys():
    class Connection:
        busy, address = False, "proxy"

    counted = Connections(Limit(3, 5), by_address=False)
    each = [Connection() for _ in range(6)]
    assert [counted.add(one) for one in each] == [None] * 5 + [each[0]]
