"""What one visitor may have of a server, and that it costs no other anything: over HTTP, by small pages of Gradio's."""

import socket
import time
from contextlib import ExitStack, contextmanager

import gradio as gr
import httpx
import pytest

from mmdemo.messages import strings
from mmdemo.server import asgi, gate, gradio_compat, launch, quotas, runs, uploads
from mmdemo.server.quotas import Holdings, Limit

WORD = strings()
LONG = 340_000  # characters of an answer


class Ready:
    """The health of a page that can always answer."""

    ready, stopping = True, False

    def report(self):
        return {}


@contextmanager
def serving(hops=1):
    """A page that remembers a word, and answers at length."""
    with gr.Blocks() as demo:
        text, state, out = gr.Textbox(), gr.State(), gr.Textbox()
        gr.Button().click(lambda text: text, text, state, api_name="keep", concurrency_limit=8)
        gr.Button().click(lambda state: state or "nothing", state, out, api_name="kept")
        gr.Button().click(lambda text: text * LONG, text, out, api_name="long")
    demo.queue(max_size=64)
    demo.looks, demo.preface, demo.preview, demo.health = {}, "", {}, Ready()
    _, url, _ = launch(
        demo, per_minute=0, hops=hops, server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, mcp_server=False
    )
    try:
        yield demo, url.rstrip("/")
    finally:
        demo.close()


@pytest.fixture
def page():
    with serving() as served:
        yield served


def visitor(url, address):
    """A client whose requests come from an address, as a proxy says."""
    return httpx.Client(base_url=url, timeout=60, headers={"x-forwarded-for": address})


def call(http, name, data, session):
    """The event of a run, and what is told about it."""
    asked = http.post(f"/gradio_api/call/{name}", json={"data": data, "session_hash": session})
    assert asked.status_code == 200, asked.text
    return http.get(f"/gradio_api/call/{name}/{asked.json()['event_id']}").text


def test_nobody_has_anothers_reading_forgotten(page):
    demo, url = page
    with visitor(url, "1.1.1.1") as mine, visitor(url, "2.2.2.2") as other:
        call(mine, "keep", ["seven"], "mine")
        for number in range(205):
            call(other, "keep", ["eight"], f"other{number}")
        assert "seven" in call(mine, "kept", [], "mine")
        assert len(demo.state_holder.session_data) == 1 + quotas.READINGS.one
        assert "nothing" in call(other, "kept", [], "other0")  # its own oldest


def test_what_nobody_fetches_is_not_kept_for_long_nor_all_of_it(page, monkeypatch):
    demo, url = page
    with visitor(url, "1.1.1.1") as mine, visitor(url, "2.2.2.2") as other:
        events = {}
        for name, http, count in (("mine", mine, 2), ("other", other, quotas.ANSWERS.one + 30)):
            for number in range(count):
                ask = {"data": [name[0]], "session_hash": f"{name}{number % 3}"}
                while (asked := http.post("/gradio_api/call/long", json=ask)).status_code == 429:
                    time.sleep(0.2)  # too many wait
                events[name, number] = asked.json()["event_id"]
        until = time.monotonic() + 60
        while gradio_compat.unfinished_runs(demo):
            assert time.monotonic() < until
            time.sleep(0.05)
        assert gradio_compat.undelivered_runs(demo) == quotas.ANSWERS.one + 2
        messages = demo._queue.pending_messages_per_session.values()
        large = [m for each in messages for m in list(each._queue) if m.msg == "process_completed"]
        assert len(large) <= quotas.ANSWERS.one + 2
        told = mine.get(f"/gradio_api/call/long/{events['mine', 0]}").text
        assert "m" * LONG in told
        assert other.get(f"/gradio_api/call/long/{events['other', 0]}").status_code == 404


def test_an_answer_is_thrown_away_after_a_while(monkeypatch):
    monkeypatch.setattr(runs, "ANSWER_SECONDS", 1)
    monkeypatch.setattr(runs.Runs.__init__, "__defaults__", (quotas.ANSWERS, 1))
    with serving() as (demo, url), visitor(url, "1.1.1.1") as http:
        assert http.post("/gradio_api/call/long", json={"data": ["m"]}).status_code == 200
        until = time.monotonic() + 20
        while gradio_compat.undelivered_runs(demo):
            assert time.monotonic() < until
            time.sleep(0.1)
        assert not any(box.qsize() for box in demo._queue.pending_messages_per_session.values())


def test_one_visitor_does_not_fill_the_queue(page, monkeypatch):
    _demo, url = page
    monkeypatch.setattr(gradio_compat, "waiting_of", lambda demo, who: quotas.WAITING.one * (who == "2.2.2.2"))
    monkeypatch.setattr(gradio_compat, "waiting_runs", lambda demo: quotas.WAITING.one)
    for address, status in (("1.1.1.1", 200), ("2.2.2.2", 429)):
        with visitor(url, address) as http:
            asked = http.post("/gradio_api/call/keep", json={"data": ["seven"]})
            assert asked.status_code == status


def upload(http, name, size):
    given = http.post("/gradio_api/upload", files={"files": (name, name.encode() * size)})
    assert given.status_code == 200
    return given.json()[0]


def test_ones_own_oldest_file_goes_first(page, monkeypatch):
    _, url = page
    monkeypatch.setattr(uploads.ledger, "_held", Holdings(Limit(300_000, 700_000)))
    monkeypatch.setattr(uploads.ledger, "_owners", {})
    with visitor(url, "1.1.1.1") as mine, visitor(url, "2.2.2.2") as other:
        kept = upload(mine, "mine", 1)
        both = next(upload(http, "both", 1) for http in (mine, other))
        given = [upload(other, f"other{number}", 10) for number in range(6)]
        there = [url for url in [kept, both, *given] if mine.get(f"/gradio_api/file={url}").status_code == 200]
        assert there == [kept, both, *given[-3:]]
        given = [upload(mine, f"more{number}", 1) for number in range(3)]
        assert mine.get(f"/gradio_api/file={both}").status_code == 404  # both have lost it now
        assert mine.get(f"/gradio_api/file={given[0]}").status_code == 200


def test_too_many_requests_at_once(monkeypatch):
    monkeypatch.setattr(gate, "REQUESTS", Limit(3, 10))
    with serving() as (_demo, url), visitor(url, "1.1.1.1") as mine, visitor(url, "2.2.2.2") as other:
        with ExitStack() as streams:
            for name in "abc":
                streams.enter_context(mine.stream("GET", f"/gradio_api/heartbeat/{name}"))
            refused = mine.get("/config")
            assert refused.status_code == 429 and refused.json()["detail"].startswith("Too much is going on")
            assert refused.headers["retry-after"] == str(gate.CROWD_SECONDS)
            assert other.get("/config").status_code == mine.get("/health").status_code == 200
        until = time.monotonic() + 10
        while mine.get("/config").status_code != 200:
            assert time.monotonic() < until


def said(url, body, *headers, pieces=()):
    """What is answered to a request that stops after a body's beginning, or goes on with pieces, and after how long."""
    place = httpx.URL(url)
    begun = time.monotonic()
    with socket.create_connection((place.host, place.port), 30) as connection:
        lines = [b"POST /gradio_api/%s HTTP/1.1" % headers[0], b"Host: a", *headers[1:], b"", body]
        connection.sendall(b"\r\n".join(lines))
        for piece in pieces:
            try:
                connection.sendall(piece)
            except OSError:
                break
            time.sleep(0.1)
        answer = b""
        try:
            while part := connection.recv(65_536):
                answer += part
        except OSError:
            pass
    return answer, time.monotonic() - begun


FORM = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.wav"\r\n\r\n'


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b'{"data"', (b"call/keep", b"Content-Length: 100")),
        (b"9\r\n{", (b"call/keep", b"Transfer-Encoding: chunked")),
        (b"{", (b"cancel", b"Content-Length: 100")),
        (FORM, (b"upload", b"Content-Type: multipart/form-data; boundary=x", b"Content-Length: 9000")),
    ],
    ids=["call", "chunked", "cancel", "upload"],
)
@pytest.mark.parametrize("pieces", [(), (b"7",) * 100], ids=["stops", "trickles"])
def test_a_body_that_takes_too_long(page, monkeypatch, caplog, body, headers, pieces):
    monkeypatch.setattr(asgi, "PAUSE_SECONDS", 0.5)
    if headers[-1].startswith(b"Transfer"):
        pieces = tuple(b"1\r\n" + piece + b"\r\n" for piece in pieces)
        body = b"1\r\n{\r\n"
    answer, seconds = said(page[1], body, *headers, pieces=pieces)
    assert answer.startswith(b"HTTP/1.1 408") and b"too slowly" in answer
    assert b"connection: close" in answer.lower()
    assert seconds < 9
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    assert not [path for path in uploads.folder().iterdir() if path.is_file()]  # Gradio's unfinished files lie there


@pytest.mark.parametrize("name", ["BODIES", "BODY_BYTES", "UPLOADS"])
def test_too_much_on_its_way(monkeypatch, name):
    monkeypatch.setattr(gate, name, Limit(1, 1000))
    with serving() as (_demo, url), visitor(url, "1.1.1.1") as http:
        with socket.create_connection((http.base_url.host, http.base_url.port), 30) as connection:
            lines = [b"POST /gradio_api/call/keep HTTP/1.1", b"Host: a", b"X-Forwarded-For: 1.1.1.1"]
            connection.sendall(b"\r\n".join([*lines, b"Content-Length: 100", b"", b"7"]))
            time.sleep(0.3)
            if name == "UPLOADS":
                answer = http.post("/gradio_api/upload", files={"files": ("a", b"seven")})
            else:
                answer = http.post("/gradio_api/call/keep", json={"data": ["seven"]})
            assert answer.status_code == 429
        if name == "BODIES":
            time.sleep(0.3)  # what was taken is given back
            assert http.post("/gradio_api/call/keep", json={"data": ["seven"]}).status_code == 200


def test_a_full_disk_is_the_operators(page, monkeypatch, caplog):
    def upload_fn(*given, **named):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gradio.routes.upload_fn", upload_fn)
    with visitor(page[1], "1.1.1.1") as http:
        answer = http.post("/gradio_api/upload", files={"files": ("a", b"seven")})
    assert answer.status_code == 507 and answer.json()["detail"] == WORD["serve.no_room"]
    [line] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert line.fields["errno"] == "ENOSPC"


def test_who_breaks_off_an_upload_is_one_line_of_information(page, caplog):
    caplog.set_level("INFO", "mmdemo")
    place = httpx.URL(page[1])
    with socket.create_connection((place.host, place.port), 30) as connection:
        lines = [b"POST /gradio_api/upload HTTP/1.1", b"Host: a", b"Content-Length: 9000"]
        connection.sendall(b"\r\n".join([*lines, b"Content-Type: multipart/form-data; boundary=x", b"", FORM]))
        time.sleep(0.3)
    until = time.monotonic() + 10
    while not (seen := [record for record in caplog.records if record.getMessage() in ("refused", "unexpected")]):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert [record.levelname for record in seen] == ["INFO"]
