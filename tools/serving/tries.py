"""What strangers try who mean harm: one function for each kind, made anew for every seed.

Each returns how its requests ended, as a list of short words: a status, or what became of it. Those of ``BAD`` are
faults of the server; the others are as good as each other.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import urlsplit

import httpx
from asking import page_values, read_stream, upload
from hostile import BODIES, CLOSED, PATHS, WORDS
from hostile_files import KINDS, SLOW, noise, sound

API = "/gradio_api"
RUNS = ("predict", "run", "explain")
TELLS = ("cancel", "reset", "heartbeat", "startup-events")
ENDPOINTS = (
    *(f"{API}/call/{name}" for name in RUNS), f"{API}/call/v2/predict", f"{API}/queue/join", f"{API}/mcp/",
    *(f"{API}/{name}" for name in ("cancel", "reset", "upload")),
)  # fmt: skip
FORM = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.wav"\r\n\r\n'  # of an upload's body
MADE_UP = "evil.example"  # a host that is nowhere, to be looked for in what the server answers
BAD = {
    "unexpected": "a fault of ours: the visitor was told that something went wrong",
    "traceback": "a traceback was sent",
    "leaked": "a file from outside the allowed places was sent",
    "reflected": "what was forged came back",
    "evaded": "an allowance was evaded by a header",
    "crossed": "another site's page had something done",
    "endless": "nothing came within the time, and no end of the connection",
}
PAGE = 20_000  # characters; what is longer is the page, which holds every sentence that it may need
WAIT = 90.0  # seconds until a try is given up as endless


@dataclass
class Stranger:
    """Somebody with an address of their own.

    Attributes:
        url: the server's.
        address: theirs, of 127.0.0.0/8.
        chance: what decides.
        hold: seconds for which they hold on to what they have opened.
        scale: how large their floods are, as a share of what would do harm.
    """

    url: str
    address: str
    chance: Random
    hold: float = 8.0
    scale: float = 1.0

    def some(self, low: int, high: int) -> int:
        """How many requests or connections make a flood."""
        return max(1, round(self.chance.randint(low, high) * self.scale))

    def http(self, **more: Any) -> httpx.AsyncClient:
        """A client that comes from their address."""
        limits = httpx.Limits(max_connections=None)
        way = httpx.AsyncHTTPTransport(local_address=self.address, limits=limits)
        return httpx.AsyncClient(base_url=self.url, transport=way, timeout=WAIT, **more)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A bare connection from their address."""
        host = urlsplit(self.url)
        return await asyncio.open_connection(host.hostname, host.port, local_addr=(self.address, 0), limit=2**20)

    async def raw(self, content: bytes) -> tuple[str, bytes]:
        """Send bytes as they are; how it ended, and the answer."""
        try:
            reader, writer = await self.connect()
        except OSError:
            return "hung up", b""
        try:
            with suppress(ConnectionError):
                writer.write(content)
                await writer.drain()
            return await _answer(reader)
        finally:
            writer.close()


async def _answer(reader: asyncio.StreamReader, seconds: float = WAIT) -> tuple[str, bytes]:
    """What comes back on a connection: a status, or that nothing does."""
    try:
        return await asyncio.wait_for(_heard(reader), seconds)
    except asyncio.TimeoutError:
        return "endless", b""
    except (asyncio.IncompleteReadError, ConnectionError, ValueError, IndexError):
        return "hung up", b""


async def _heard(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    body = b""
    with suppress(asyncio.IncompleteReadError, ValueError):
        body = await reader.readexactly(min(int(length[1]), 2**20)) if length else b""
    return head.split()[1].decode(), head + body


Try = Callable[[Stranger], Awaitable[list[str]]]


def _forged(**fields: str) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode("latin-1")


def _post(path: str, body: bytes, more: bytes = b"", length: str | None = None) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n"
    return head.encode() + more + f"content-length: {len(body) if length is None else length}\r\n\r\n".encode() + body


def _said(text: str) -> list[str]:
    """Faults that show in what the server says."""
    marks = {"went wrong": "unexpected", "Traceback (most": "traceback", "root:x:0": "leaked"}
    return [name for mark, name in marks.items() if mark in text and len(text) < PAGE]


async def _ask(http: httpx.AsyncClient, path: str, **more: Any) -> tuple[str, httpx.Response | None]:
    """One request and how it ended."""
    try:
        answer = await http.request(more.pop("method", "POST"), path, **more)
    except httpx.TimeoutException:
        return "endless", None
    except (httpx.TransportError, httpx.InvalidURL, UnicodeError):
        return "hung up", None
    return (_said(answer.text) or [str(answer.status_code)])[0], answer


async def _run(http: httpx.AsyncClient, name: str, data: list[Any], session: str) -> str:
    """Ask for a run and hear its end: ``read``, ``refused``, a status, or a fault."""
    status, asked = await _ask(http, f"{API}/call/{name}", json={"data": data, "session_hash": session})
    if status != "200" or asked is None:
        return status
    try:
        event, value = await read_stream(http, name, asked.json()["event_id"])
    except httpx.TimeoutException:
        return "endless"
    except (httpx.TransportError, ValueError):
        return "hung up"
    return (_said(json.dumps(value)) or ["read" if event == "complete" else "refused"])[0]


def _session(who: Stranger) -> str:
    return f"h{who.chance.getrandbits(60):x}"


# Files


def _file(kind: str) -> Try:
    async def attempt(who: Stranger) -> list[str]:
        name, content = KINDS[kind](who.chance)
        async with who.http() as http:
            try:
                file = await upload(http, name, content)
            except httpx.HTTPStatusError as error:
                return [str(error.response.status_code)]
            except httpx.TransportError:
                return ["hung up"]
            given = [None, file, None] if name.startswith(("photo", "scan")) else [None, None, file]
            run = who.chance.choice(RUNS)
            data = page_values(*given) if run == "run" else given
            ends = [_run(http, run, data, _session(who)) for _ in range(who.chance.choice([1, 1, 1, 4]))]
            return await asyncio.gather(*ends)

    return attempt


# Bodies


def _heavy(chance: Random) -> bytes:
    """JSON that is deep, wide or long, up to two megabytes."""
    count = round(1_900_000 * chance.random() ** 2) + 1_000
    return chance.choice([
        lambda: b'{"data":[' + b"[]," * (count // 3) + b"[]]}",
        lambda: b'{"data":[' + b"[" * (count // 2) + b"]" * (count // 2) + b"]}",
        lambda: b'{"data":[' + b'{"a":' * (count // 6) + b"1" + b"}" * (count // 6) + b"]}",
        lambda: b"{" + b",".join(b'"%x":0' % number for number in range(count // 9)) + b"}",
        lambda: b'{"data":["' + b"\\u0041" * (count // 6) + b'"]}',
        lambda: b'{"data":[' + b"9" * count + b"]}",
        lambda: b'{"data":[' + b"1e5," * (count // 4) + b"1]}",
        lambda: b'{"data":[{"path":"' + b"a" * count + b'"}]}',
        lambda: b'{"data":[' + b" " * count + b"]}",
        lambda: b'{"data":["' + b"seven\xcc\x81" * (count // 7) + b'"]}',
    ])()  # fmt: skip


async def heavy_bodies(who: Stranger) -> list[str]:
    """Deep, wide or long JSON, several times at once."""
    paths = who.chance.choices(ENDPOINTS, k=who.chance.randint(1, 6))
    ends = await asyncio.gather(*(who.raw(_post(path, _heavy(who.chance))) for path in paths))
    return [end for end, _ in ends]


ODD = [
    *(b"NaN", b"Infinity", b"-Infinity", b"1e999", b'"\\ud800"', b'"\\udfff\\ud800"', b"null", b"true", b"-1"),
    *(
        b"2e308",
        b'"\\u0000"',
        b"[]",
        b"{}",
        b'""',
        b"9" * 400,
        b"0.1e-400",
        b'{"path":null}',
        b'{"url":"file:///etc/passwd"}',
    ),
]


async def odd_values(who: Stranger) -> list[str]:
    """Values that JSON should not have, or that belong elsewhere, in every endpoint."""
    ends = []
    for path in who.chance.sample(ENDPOINTS, 4):
        odd, other = who.chance.choices(ODD, k=2)
        shape = who.chance.choice([
            b'{"data":[%s,%s]}', b'{"data":["seven",null,null],"session_hash":%s,"x":%s}', b'{"%.0s%.0s":0}',
            b'{"event_id":%s,"session_hash":%s}', b'{"data":%s,"fn_index":%s}', b'{"text":%s,"task":%s}',
            b'{"jsonrpc":"2.0","id":%s,"method":"tools/call","params":{"name":"predict","arguments":{"text":%s}}}',
            b'{"jsonrpc":"2.0","id":1,"method":%s,"params":%s}',
        ])  # fmt: skip
        accept = b"accept: application/json, text/event-stream\r\n"
        end, answer = await who.raw(_post(path, shape % (odd, other), accept))
        ends.append((_said(answer.decode("utf-8", "replace")) or [end])[0])
    return ends


async def broken_bodies(who: Stranger) -> list[str]:
    """Bodies that are no request, to everything that takes one."""
    content = [*BODIES, who.chance.randbytes(who.chance.randint(0, 3_000))]
    return [(await who.raw(_post(path, who.chance.choice(content))))[0] for path in who.chance.sample(ENDPOINTS, 5)]


async def hostile_words(who: Stranger) -> list[str]:
    """Words that a page might run, or that take long."""
    words = who.chance.choice([*WORDS.values(), "seven " * many_words(who.chance), "\u0301" * 1_900, "🏳️\u200d🌈" * 400])
    async with who.http() as http:
        return [await _run(http, "run", page_values(words), _session(who))]


def many_words(chance: Random) -> int:
    """From a few to a hundred thousand."""
    return round(10 ** chance.uniform(1, 5))


# Headers


def _odd_headers(chance: Random) -> bytes:
    host = chance.choice(["", "a b", f"{MADE_UP}<script>", "[::1", f"{MADE_UP}:999999", "\xff\xfe", "a" * 5_000, "x:y"])
    origin = chance.choice(["http://[", "null", "javascript:alert(1)", f"https://{MADE_UP}", "//", "\0", "http://a@b"])
    spans = chance.choice(["bytes=a-b", "bytes=9-1", "bytes=" + "0-," * 900, "bytes=-0", "items=1-2", "bytes=0-9" * 99])
    length = chance.choice(["-1", "abc", "1e3", "99999999999999999999", " ", "+5", "0x10", "5, 5"])
    if chance.random() < 0.2:
        return _forged(host=host)
    return b"host: localhost\r\n" + chance.choice([
        _forged(origin=origin), _forged(range=spans), _forged(**{"content-length": length}),
        _forged(**{"x-forwarded-host": host}),
        _forged(**{"x-forwarded-proto": chance.choice(["javascript", "", "https\t"])}),
        _forged(cookie="a" * 70_000), _forged(**{"transfer-encoding": "chunked, gzip"}),
        _forged(**{f"x-{number}": "y" for number in range(300)}),
    ])  # fmt: skip


async def bad_headers(who: Stranger) -> list[str]:
    """Host, Origin, Range and Content-Length that are not well made."""
    ends = []
    for _ in range(6):
        path = who.chance.choice(["/", "/config", "/health", f"{API}/info", *ENDPOINTS])
        verb = "GET" if who.chance.random() < 0.4 else "POST"
        start = f"{verb} {path} HTTP/1.1\r\nconnection: close\r\n".encode()
        end, answer = await who.raw(start + _odd_headers(who.chance) + b"\r\n")
        told = answer.decode("utf-8", "replace")
        ends.append((_said(told) or (["reflected"] if MADE_UP in told else []) or [end])[0])
    return ends


async def forged_hosts(who: Stranger) -> list[str]:
    """Other names of the server, which no page may show."""
    ends = []
    async with who.http() as http:
        for path in who.chance.sample(["/", "/config", f"{API}/info", f"{API}/openapi.json", "/manifest.json"], 3):
            header = who.chance.choice(["x-forwarded-host", "x-forwarded-server", "forwarded", "x-original-host"])
            value = f"host={MADE_UP}" if header == "forwarded" else MADE_UP
            end, answer = await _ask(http, path, method="GET", headers={header: value, "x-forwarded-proto": "https"})
            ends.append("reflected" if answer is not None and MADE_UP in answer.text else end)
    return ends


async def forged_addresses(who: Stranger) -> list[str]:
    """More requests than one visitor may make, each as if it came from somebody else."""
    header = who.chance.choice(["x-forwarded-for", "x-real-ip", "forwarded", "cf-connecting-ip", "true-client-ip"])
    begun, ends = time.monotonic(), []
    async with who.http() as http:
        for start in range(0, who.some(300, 300), 20):
            asked = []
            for number in range(start, start + 20):
                other = f"{who.chance.choice(['9.9', '2001:db8:1:'])}.{number // 250}.{number % 250}"
                said = f"for={other}" if header == "forwarded" else f"{other}, 10.0.0.{number % 250}"
                body = {"event_id": f"{number}", "session_hash": "h", "fn_index": 0}
                asked.append(_ask(http, f"{API}/cancel", headers={header: said}, json=body))
            ends += [end for end, _ in await asyncio.gather(*asked)]
    quick = len(ends) >= 300 and time.monotonic() - begun < 15  # the allowance fills again by ten a second
    return [*ends, *(["evaded"] if quick and not {"429", "503", "hung up"} & set(ends) else [])]


async def cross_site(who: Stranger) -> list[str]:
    """What another site's page can have a browser send without asking."""
    ends = []
    async with who.http() as http:
        for _ in range(4):
            origin = who.chance.choice(
                [f"https://{MADE_UP}", "null", f"http://localhost.{MADE_UP}", "http://127.0.0.1:1"]
            )
            kind = who.chance.choice(["text/plain", "application/x-www-form-urlencoded", "application/json"])
            headers = {"origin": origin, "sec-fetch-site": "cross-site", "content-type": kind}
            body = b'{"data":["seven"]}'
            path = who.chance.choice([path for path in ENDPOINTS if not path.endswith("upload")])
            if who.chance.random() < 0.3:
                path, body = f"{API}/upload", FORM + b"a\r\n--x--"
                headers["content-type"] = "multipart/form-data; boundary=x"
            end, _ = await _ask(http, path, content=body, headers=headers)
            ends.append("crossed" if end == "200" else end)
    return ends


async def path_tricks(who: Stranger) -> list[str]:
    """Files that nobody may have, under names of all kinds."""
    target = who.chance.choice(["etc/passwd", "proc/self/environ", "work/app.py", "app.py", "mmdemo/config.py"])
    up = who.chance.choice(["../", "..%2f", "%2e%2e/", "..%252f", "....//", "..\\", "..%5c", "..;/", "%c0%ae%c0%ae/"])
    files = f"{API}/file="
    root = who.chance.choice([files, f"{files}/", f"{files}file://", "/static/", "/assets/", "/svelte/"])
    paths = [root + up * who.chance.randint(0, 9) + target, f"//{target}", f"/{up * 6}{target}", "/" + "a/" * 4_000]
    paths += [f"{root}{target}%00.png", f"{root}con", f"{root}~root/.ssh", f"http://{MADE_UP}/"]
    paths += [who.chance.choice(CLOSED)]
    ends = []
    for path in who.chance.sample(paths, 5):
        head = f"GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        end, answer = await who.raw(head.encode("latin-1"))
        ends.append((_said(answer.decode("utf-8", "replace")) or [end])[0])
    async with who.http() as http:
        for path in who.chance.sample(PATHS, 2):
            ends.append(await _run(http, "predict", [None, {"path": path}], _session(who)))
    return ends


# Floods


async def floods(who: Stranger) -> list[str]:
    """Very many small messages besides runs."""
    path = f"{API}/{who.chance.choice(TELLS)}"
    count, verb = who.some(100, 600), "GET" if "-" in path else "POST"
    async with who.http() as http:
        ends = []
        for start in range(0, count, 20):
            body = {"event_id": _session(who), "session_hash": _session(who), "fn_index": who.chance.randrange(9)}
            more = {"method": verb, **({} if verb == "GET" else {"json": body})}
            ends += await asyncio.gather(*(_ask(http, path, **more) for _ in range(min(20, count - start))))
        return [end for end, _ in ends]


async def many_sessions(who: Stranger) -> list[str]:
    """Empty requests of very many sessions, so that the sessions of others are forgotten."""
    async with who.http() as http:
        ends = []
        for start in range(0, who.some(210, 210), 10):
            asked = (_run(http, *who.chance.choice([("run", page_values(None)), ("predict", [None])]), _session(who))
                     for _ in range(10))  # fmt: skip
            ends += await asyncio.gather(*(ended(one) for one in asked))
            if start > 100 and set(ends[-30:]) <= {"429", "503", "hung up"}:
                break
        return ends


async def ended(one: Awaitable[str]) -> str:
    """How a run ended, whatever else goes wrong with it."""
    try:
        return await one
    except (httpx.HTTPError, KeyError, ValueError):
        return "hung up"


async def unfetched_answers(who: Stranger) -> list[str]:
    """Runs whose answers nobody fetches, each of a session of its own."""
    async with who.http() as http:
        ends = []
        for number in range(who.some(20, 60)):
            body = {"data": page_values(f"seven {number}"), "session_hash": _session(who)}
            ends.append((await _ask(http, f"{API}/call/run", json=body))[0])
        return ends


async def explain_files(who: Stranger) -> list[str]:
    """Explanations, each with a file of half a megabyte, over and over."""
    words = ("three, no wait, " * 20 + "{}").format
    async with who.http() as http:
        asked = [[words(who.chance.getrandbits(30)), None, None, "digits", who.chance.choice(["json", "npz"])]
                 for _ in range(who.some(8, 24))]  # fmt: skip
        return await asyncio.gather(*(_run(http, "explain", data, _session(who)) for data in asked))


async def assistants(who: Stranger) -> list[str]:
    """Runs over MCP, with files within the request, several at once."""
    noisy = sound(noise(who.chance, 8_000) / 255.0, 16_000, "WAV")
    kind = who.chance.choice(list(KINDS))
    small = next((made for _ in range(20) if len(made := KINDS[kind](who.chance)[1]) < 900_000), noisy)
    address = f"data:image/png;base64,{base64.b64encode(small).decode()}"
    given = who.chance.choice(
        [{"text": "seven"}, {"image": address}, {"audio": address}, {"image": f"http://{MADE_UP}/a"}]
    )
    params = {"name": who.chance.choice([*RUNS, "nothing"]), "arguments": given}
    ask = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    headers = {"accept": "application/json, text/event-stream"}
    async with who.http() as http:
        asked = (_ask(http, f"{API}/mcp/", json=ask, headers=headers) for _ in range(who.chance.choice([1, 3])))
        return [end for end, _ in await asyncio.gather(*asked)]


# What is held on to


async def _open(who: Stranger, count: int, content: bytes) -> list[Any]:
    """Connections on which something was sent, as far as the server takes them."""
    opened = []
    for _ in range(count):
        with suppress(OSError):
            reader, writer = await who.connect()
            writer.write(content)
            opened.append((reader, writer))
    return opened


async def _held(who: Stranger, opened: list[Any], feed: Callable[[], bytes] | None = None) -> list[str]:
    """Hold connections, feeding them now and then; how many the server has ended by itself."""
    until, left = time.monotonic() + who.hold, list(opened)
    while time.monotonic() < until and left:
        await asyncio.sleep(min(0.5, max(0.05, until - time.monotonic())))
        if feed:
            for _, writer in left:
                with suppress(ConnectionError):
                    writer.write(feed())
        left = [(reader, writer) for reader, writer in left if not (reader.at_eof() or writer.transport.is_closing())]
    ends = []
    for reader, writer in opened:
        gone = (reader, writer) not in left
        ends.append((await _answer(reader, 0.05))[0] if gone else "held")
        writer.close()
    return ["hung up" if end == "endless" else end for end in ends]


async def open_connections(who: Stranger) -> list[str]:
    """Very many connections on which nothing is said."""
    return await _held(who, await _open(who, who.some(50, 400), b""))


async def slow_headers(who: Stranger) -> list[str]:
    """Headers that never end."""
    begin = b"POST %s HTTP/1.1\r\nhost: localhost\r\n" % who.chance.choice(ENDPOINTS).encode()
    begin = begin[: who.chance.randint(1, len(begin))]
    opened = await _open(who, who.some(10, 120), begin)
    return await _held(who, opened, lambda: who.chance.choice([b"x", b"x-a: b\r\n", b"", b"\r\n" * (len(begin) < 9)]))


async def slow_bodies(who: Stranger) -> list[str]:
    """Bodies that never end, byte by byte."""
    path = who.chance.choice(ENDPOINTS)
    length = who.chance.choice(["1000000", "9000000", "1900000"])
    begin = _post(path, b'{"data":[', length=length)
    if path.endswith("upload"):
        begin = begin.replace(b"application/json", b"multipart/form-data; boundary=x").removesuffix(b'{"data":[')
        begin += FORM
    opened = await _open(who, who.some(5, 80), begin)
    return await _held(who, opened, lambda: b" " * who.chance.choice([1, 1, 900]))


async def broken_off(who: Stranger) -> list[str]:
    """Uploads and calls that break off in the middle."""
    ends = []
    for _ in range(who.some(3, 12)):
        upload_path = who.chance.random() < 0.7
        body = FORM + who.chance.randbytes(many_words(who.chance) * 8) if upload_path else b'{"data":["se'
        path = f"{API}/upload" if upload_path else who.chance.choice(ENDPOINTS)
        content = _post(path, body, length=str(2 * len(body)))
        if upload_path:
            content = content.replace(b"application/json", b"multipart/form-data; boundary=x", 1)
        for _, writer in await _open(who, 1, content):
            with suppress(ConnectionError):
                await writer.drain()
            if who.chance.random() < 0.5:
                writer.transport.abort()  # a reset, not an end
            writer.close()
            ends.append("broken off")
    return ends


async def unread_streams(who: Stranger) -> list[str]:
    """Streams of answers that are opened and not read, and heartbeats."""
    session, opened = _session(who), []
    async with who.http() as http:
        for number in range(who.some(2, 8)):
            body = {"data": page_values(f"seven {number}"), "session_hash": session}
            end, asked = await _ask(http, f"{API}/call/run", json=body)
            paths = [f"{API}/heartbeat/{_session(who)}", f"{API}/queue/data?session_hash={session}"]
            if end == "200" and asked is not None:
                paths.append(f"{API}/call/run/{asked.json()['event_id']}")
            for path in paths * who.chance.randint(1, 6):
                opened += await _open(who, 1, f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
    until = time.monotonic() + who.hold
    while time.monotonic() < until:
        await asyncio.sleep(0.5)
    for _, writer in opened:
        writer.close()
    return ["held"] * len(opened)


async def left_early(who: Stranger) -> list[str]:
    """Runs whose visitor leaves as soon as they have begun."""
    ends = []
    async with who.http() as http:
        for number in range(who.some(4, 12)):
            body = {"data": page_values(f"three, no wait, four {number}"), "session_hash": _session(who)}
            end, asked = await _ask(http, f"{API}/call/run", json=body)
            ends.append(end)
            if end == "200" and asked is not None:
                path = f"{API}/call/run/{asked.json()['event_id']}"
                for _, writer in await _open(who, 1, f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode()):
                    await asyncio.sleep(who.chance.random() / 20)
                    writer.transport.abort()
    return ends


@dataclass(frozen=True)
class Kind:
    """A kind of try.

    Attributes:
        family: kinds that load the same part of the server.
        attempt: makes one.
        holds: whether it waits more than it works.
    """

    family: str
    attempt: Try
    holds: bool = False


TRIES = {
    **{name: Kind("slow files" if name in SLOW else "sounds" if "sound" in name or "rates" in name else "pictures",
                  _file(name)) for name in KINDS},
    "heavy bodies": Kind("bodies", heavy_bodies),
    "odd values": Kind("bodies", odd_values),
    "broken bodies": Kind("bodies", broken_bodies),
    "hostile words": Kind("bodies", hostile_words),
    "bad headers": Kind("headers", bad_headers),
    "forged hosts": Kind("headers", forged_hosts),
    "forged addresses": Kind("floods", forged_addresses),
    "cross-site posts": Kind("headers", cross_site),
    "path tricks": Kind("headers", path_tricks),
    "floods": Kind("floods", floods),
    "many sessions": Kind("sessions", many_sessions),
    "answers never fetched": Kind("sessions", unfetched_answers),
    "explain's files": Kind("sessions", explain_files),
    "assistants": Kind("sessions", assistants),
    "open connections": Kind("connections", open_connections, holds=True),
    "slow headers": Kind("connections", slow_headers, holds=True),
    "slow bodies": Kind("connections", slow_bodies, holds=True),
    "broken off": Kind("connections", broken_off),
    "unread streams": Kind("streams", unread_streams, holds=True),
    "left early": Kind("streams", left_early),
}  # fmt: skip
