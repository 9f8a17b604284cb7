"""Generated input for the fuzzer: files near enough to real ones to get deep into the readers, and requests."""

import json
import socket
from urllib.parse import quote, urlencode, urlsplit

import numpy as np
from hostile import BODIES, PATHS, picture, sound
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mmdemo.audio.reader import read_audio
from mmdemo.image.reader import read_image
from mmdemo.messages import InputError
from mmdemo.text.reader import read_text

TONE = (0.3 * np.sin(2 * np.pi * 300 * np.arange(8000) / 16_000)).astype(np.float32)
PICTURES = [picture(40, 30, 90, kind) for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")]
SOUNDS = [sound(TONE, kind=kind) for kind in ("WAV", "FLAC", "OGG", "MP3")] + [sound(TONE, subtype="FLOAT")]


@st.composite
def spoilt(draw, files):
    """A real file, cut, with bytes changed, put in or repeated, mostly near its beginning, where the headers are."""
    raw = bytearray(draw(st.sampled_from(files)))
    for _ in range(draw(st.integers(0, 8))):
        at = min(draw(st.integers(0, 120) | st.integers(0, len(raw))), max(0, len(raw) - 1))
        change = draw(st.sampled_from(("set", "cut", "insert", "extreme")))
        if change == "set" and raw:
            raw[at] = draw(st.integers(0, 255))
        elif change == "extreme":
            raw[at : at + 4] = draw(
                st.sampled_from((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f", b"\0\0\0\x80"))
            )
        elif change == "insert":
            raw[at:at] = draw(st.binary(max_size=16))
        else:
            del raw[at : at + draw(st.integers(0, 64))]
    return bytes(raw)


texts = st.text(max_size=300) | st.text(st.characters(categories=("Mn", "Cf", "Cc", "Cs", "So", "Lo")), max_size=80)
floats = st.floats(width=32)
arrays = hnp.arrays(
    st.sampled_from([np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64, np.bool_, np.complex64]),
    hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=40),
)
samples = hnp.arrays(
    st.sampled_from([np.float32, np.float64, np.int16, np.uint8, np.int32]),
    st.tuples(st.integers(0, 20_000)) | st.tuples(st.integers(0, 2_000), st.integers(0, 18)),
    elements=None,
    fill=st.just(0),
)


def _read(reader, given):
    """How a reader ended: read, absent or refused, and what it says is finite."""
    try:
        item = reader(given)
    except InputError as error:
        assert str(error)
        return "refused"
    if item.absent:
        assert len(item) == 0
        return "absent"
    for name in ("pixels", "mel", "spans", "samples", "ids"):
        assert np.isfinite(getattr(item, name, 0)).all(), name
    return "read"


PREPROCESSING = {
    "words": (texts, lambda given: _read(read_text, given)),
    "picture's file": (spoilt(PICTURES) | st.binary(max_size=200), lambda given: _read(read_image, given)),
    "picture's array": (arrays, lambda given: _read(read_image, given)),
    "sound's file": (spoilt(SOUNDS) | st.binary(max_size=200), lambda given: _read(read_audio, given)),
    "sound's samples": (
        st.tuples(st.sampled_from([0, -1, 1, 2000, 8000, 16_000, 44_100, 192_000, 10**9]), samples),
        lambda given: _read(read_audio, given),
    ),
}

anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | floats | texts | st.sampled_from(PATHS),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["path", "url", "meta", "data", "a"]) | texts, inner, max_size=4)
    ),
    max_leaves=8,
)
requests = (
    st.tuples(st.just("words"), texts)
    | st.tuples(st.just("picture"), spoilt(PICTURES))
    | st.tuples(st.just("sound"), spoilt(SOUNDS))
    | st.tuples(st.just("data"), st.lists(anything, max_size=5))
    | st.tuples(st.just("body"), anything)
    | st.tuples(st.just("bytes"), st.sampled_from(BODIES) | st.binary(max_size=100))
    | st.tuples(st.just("join"), st.tuples(st.integers(-2, 14), st.lists(anything, max_size=12), anything))
    | st.tuples(st.just("upload"), texts)
)


def check_http(http, request):
    """Send a request; how it ended: read, refused in the stream, or refused at the gate, and always kindly."""
    kind, given = request
    if kind in ("picture", "sound"):
        uploaded = http.post("/gradio_api/upload", files={"files": (f"a.{kind}", given)})
        assert uploaded.status_code == 200
        file = {"path": uploaded.json()[0], "meta": {"_type": "gradio.FileData"}}
        given = [None, file if kind == "picture" else None, file if kind == "sound" else None]
    elif kind == "words":
        given = [given]
    if kind == "upload":
        try:
            answer = http.post("/gradio_api/upload", files={"files": (given, b"seven")})
        except (UnicodeError, ValueError):
            return "cannot be sent"
        assert answer.status_code in (200, 400)
        return "uploaded" if answer.status_code == 200 else "refused at the gate"
    path = "/gradio_api/call/predict"
    if kind == "join":
        number, data, event = given
        given = {"fn_index": number, "data": data, "event_data": event, "session_hash": "fuzz"}
        path = "/gradio_api/queue/join"
    body = given if kind == "bytes" else json.dumps(given if kind in ("body", "join") else {"data": given}).encode()
    answer = http.post(path, content=body, headers={"content-type": "application/json"})
    if answer.status_code != 200:
        assert answer.status_code == 400, answer.text
        assert answer.json()["detail"]
        return "refused at the gate"
    if kind == "join":
        told = http.get("/gradio_api/queue/data", params={"session_hash": "fuzz"}).text
        assert "Traceback" not in told
        assert '"error":null' not in told
        assert "went wrong" not in told
        return "answered"
    told = http.get(f"{path}/{answer.json()['event_id']}").text.strip().split("\n\n")[-1]
    event, _, value = told.partition("\n")
    if event == "event: complete":
        return "read"
    error = json.loads(value.removeprefix("data: "))["error"]
    assert error
    assert "went wrong" not in error
    assert "Traceback" not in error
    return "refused"


# Every other route, and headers

ROUTES = (
    "/", "/config", "/health", "/theme.css", "/manifest.json", "/robots.txt", "/favicon.ico", "/static/img/logo.svg",
    "/assets/x", "/svelte/x", *(f"/gradio_api/{route}" for route in (
        "info", "openapi.json", "app_id", "user", "login_check", "startup-events", "queue/data", "queue/join",
        "queue/status", "call/predict", "call/explain", "call/run", "call/v2/explain", "call/predict/x", "cancel",
        "reset", "heartbeat/x", "upload", "upload_progress", "mcp", "mcp/", "mcp/http", "mcp/schema", "mcp/sse",
        "file=/uploads/x", "file=/mmdemo/web/page/entry.js", "report", "figure", "stream/x",
    )),
)  # fmt: skip
METHODS = ("tools/call", "tools/list", "initialize", "ping", "resources/read", "prompts/get", "notifications/cancelled")
NAMES = (
    "host", "origin", "referer", "range", "if-range", "if-none-match", "if-modified-since", "cookie", "accept",
    "accept-encoding", "accept-language", "accept-charset", "content-type", "content-encoding", "content-length",
    "transfer-encoding", "connection", "upgrade", "expect", "te", "forwarded", "x-forwarded-for", "x-forwarded-host",
    "x-forwarded-proto", "x-forwarded-port", "x-forwarded-prefix", "x-real-ip", "x-mmdemo-counted-for", "session_hash",
    "authorization", "mcp-session-id", "mcp-protocol-version", "last-event-id", "sec-fetch-site", "user-agent",
    "access-control-request-method", "access-control-request-headers", "x-gradio-user", "x-direct-url", "x-ip-token",
)  # fmt: skip
WORDS = (
    "", "null", "*", "*/*", "bytes=0-", "bytes=-1", "bytes=5-2,0-0", "gzip, br", "gzip;q=nan", "chunked", "identity",
    "close", "websocket", "100-continue", "evil.org", "http://evil.org", "127.0.0.1", "[::1]:80", "10.0.0.1, 9.9.9.9",
    "a=b; c", "multipart/form-data", "multipart/form-data; boundary=" + "x" * 300, "application/json; charset=utf-7",
    "text/event-stream", "0", "-1", "99999999999999999999", "1e3", "zh", "\u00ff", "'\"<script>", "a" * 8000, "%00",
    "..",
)  # fmt: skip
letters = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=60)
values = st.sampled_from(WORDS) | letters
questions = st.dictionaries(
    st.sampled_from(("ask", "task", "modality", "number", "step", "unit", "name", "candidate", "truth", "guess"))
    | texts,
    st.sampled_from(("figures", "cell", "case", "step", "digits", "image", "seven")) | anything,
    max_size=5,
)
mcp = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0") | anything, "method": st.sampled_from(METHODS) | texts},
    optional={
        "id": st.integers(0, 9) | anything,
        "params": anything | st.fixed_dictionaries(
            {"name": st.sampled_from(("predict", "explain")) | anything, "arguments": anything | st.dictionaries(
                st.sampled_from(("text", "image", "audio", "task", "trace")), anything, max_size=3)}),
    },
)  # fmt: skip
bodies = (
    st.binary(max_size=200)
    | st.sampled_from(BODIES)
    | anything.map(lambda body: json.dumps(body).encode())
    | mcp.map(lambda body: json.dumps(body).encode())
    | st.dictionaries(st.sampled_from(("session_hash", "fn_index", "event_id", "event_data", "data")), anything).map(
        lambda body: json.dumps(body).encode())
    | st.tuples(st.integers(-1, 16), questions).map(lambda asked: json.dumps(
        {"fn_index": asked[0], "session_hash": "knock", "data": [None] * 2, "event_data": asked[1]}).encode())
    | st.lists(st.tuples(letters, letters, st.binary(max_size=50)), max_size=6).map(lambda parts: b"".join(
        b'--x\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\n\r\n%s\r\n'
        % (name.encode("latin-1"), file.encode("latin-1"), content) for name, file, content in parts) + b"--x--\r\n")
)  # fmt: skip
queries = st.dictionaries(
    st.sampled_from(("session_hash", "upload_id", "page", "deep_link", "all_endpoints", "event_id", "__theme")) | texts,
    st.sampled_from(("", "knock", "digits", "../..", "true")) | texts,
    max_size=3,
)
knocks = st.tuples(
    st.sampled_from(
        ("GET", "POST", "GET", "POST", "GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "CONNECT", "KNOCK")
    ),
    st.sampled_from(ROUTES) | texts.map(lambda text: f"/{text}") | texts.map(lambda text: f"/gradio_api/file={text}"),
    queries,
    st.just({}) | st.dictionaries(st.sampled_from(NAMES), values, max_size=2),
    bodies,
    st.sampled_from(("right", "right", "right", "none", "less", "more", "both", "chunked", "lying chunks")),
)
MAY_LAST = ("heartbeat", "upload_progress", "queue/data")  # streams of which the beginning is enough


def check_knock(url, knock, folders=()):
    """Knock at any door with any headers, over a socket; the class of the status, or that nothing was said."""
    method, path, query, headers, body, length = knock
    target = quote(path.encode("utf-8", "replace"), safe="/=:%?&")
    if query:
        target += "?" + urlencode(query, errors="replace")
    place = urlsplit(url)
    lines = [f"{method} {target[:3000]} HTTP/1.1".encode()]
    given = {"host": place.netloc, "content-type": "multipart/form-data; boundary=x" if "upload" in path else
             "application/json", "accept": "application/json, text/event-stream", "connection": "close"}  # fmt: skip
    lines += [f"{name}: {value}".encode("latin-1") for name, value in {**given, **headers}.items()]
    if length in ("right", "less", "more", "both"):
        lines.append(b"content-length: %d" % max(0, len(body) + {"less": -3, "more": 3}.get(length, 0)))
    if length in ("both", "chunked", "lying chunks"):
        lines.append(b"transfer-encoding: chunked")
        size = len(body) + (7 if length == "lying chunks" else 0)
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (size, body)
    told = b""
    with socket.create_connection((place.hostname, place.port), 30) as connection:
        try:
            connection.sendall(b"\r\n".join([*lines, b"", body]))
            if length in ("more", "lying chunks"):
                connection.shutdown(socket.SHUT_WR)  # so that nobody waits for the rest
            while part := connection.recv(65_536):
                told += part
                if any(name in path for name in MAY_LAST):
                    break
        except ConnectionError:
            pass  # hung up on
    if not told:
        return "hung up on"
    status = int(told.split(b" ", 2)[1])
    assert status < 500, told[:500]
    assert status != 422, told[:500]
    for unkind in (b"Traceback", b"Something went wrong", *folders):
        assert unkind not in told or (path in ("/", "/config") and b"went" in unkind), told[:2000]  # among its words
    return f"{status // 100}xx"
