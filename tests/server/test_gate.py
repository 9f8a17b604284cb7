"""The server as strangers meet it, over raw HTTP: what it refuses, and what it says then."""

import base64
import inspect
import json
import os
import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import gradio.routes
import httpx
import pytest
from gradio.utils import LRUCache
from gradio_client import Client
from hostile import BODIES, CLOSED, PATHS, PICTURES, SOUNDS, WORDS, WORK, picture

from mmdemo.app.given import Given
from mmdemo.app.tasks import EXAMPLES
from mmdemo.messages import strings
from mmdemo.resources import ROOT
from mmdemo.server import gate, launch, logs, server, uploads
from mmdemo.server.health import Health
from mmdemo.server.places import places
from mmdemo.server.quotas import Limit

WORD = strings()


@pytest.fixture(scope="module")
def http(page_url):
    with httpx.Client(base_url=page_url, timeout=60) as client:
        yield client


def upload(http, name, content):
    """A file given to the server, as a browser gives it."""
    given = http.post("/gradio_api/upload", files={"files": (name, content)})
    assert given.status_code == 200
    return {"path": given.json()[0], "meta": {"_type": "gradio.FileData"}}


def call(http, data, name="predict"):
    """How a run ended, and with what."""
    asked = http.post(f"/gradio_api/call/{name}", json={"data": data})
    assert asked.status_code == 200, asked.text
    told = http.get(f"/gradio_api/call/{name}/{asked.json()['event_id']}").text
    assert "Traceback" not in told
    event, _, value = told.strip().split("\n\n")[-1].partition("\n")
    return event.removeprefix("event: "), json.loads(value.removeprefix("data: "))


def starts_like(said, key):
    """Whether a sentence is one of ours, whatever fills its gaps."""
    return said.startswith(WORD[key].partition("{")[0])


@pytest.mark.parametrize("name", PICTURES)
def test_pictures(http, name):
    file, content, refused = PICTURES[name]
    event, value = call(http, [None, upload(http, file, content), None])
    assert event == ("error" if refused else "complete")
    assert starts_like(value["error"], refused) if refused else value[0]["probabilities"]


@pytest.mark.parametrize("name", SOUNDS)
def test_sounds(http, name):
    file, content, refused = SOUNDS[name]
    event, value = call(http, [None, None, upload(http, file, content)])
    assert event == ("error" if refused else "complete")
    assert starts_like(value["error"], refused) if refused else value[0]["probabilities"]


@pytest.mark.parametrize("name", WORK)
def test_pictures_that_are_all_work(http, name):
    begun = time.perf_counter()
    event, value = call(http, [None, upload(http, "photo.png", WORK[name]()), None])
    assert (event, value["error"]) == ("error", WORD["serve.too_much_work"])
    assert time.perf_counter() - begun < 10


@pytest.mark.parametrize("name", WORDS)
def test_words(http, name):
    assert call(http, [WORDS[name]])[0] == "complete"


def test_a_million_characters(http):
    event, value = call(http, ["seven " * 170_000])
    assert event == "error"
    assert starts_like(value["error"], "text.too_long")
    assert http.post("/gradio_api/call/predict", json={"data": ["7" * 3_000_000]}).status_code == 413


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("key", ["path", "url"])
def test_paths_and_addresses(http, path, key):
    for data in ([None, {key: path}, None], [None, None, {key: path}], [None, None, None, "lips", {key: path}]):
        answer = http.post("/gradio_api/call/predict", json={"data": data})
        assert answer.status_code == 400
        assert answer.json()["detail"] == WORD["serve.upload_first"]


def test_a_file_that_is_gone(http):
    file = upload(http, "seven.jpg", (EXAMPLES / "digits" / "seven.jpg").read_bytes())
    Path(places().find(file["path"])).unlink()
    answer = http.post("/gradio_api/call/predict", json={"data": [None, file]})
    assert starts_like(answer.json()["detail"], "serve.gone")


def test_a_picture_within_the_request(http):
    def inside(content):
        return {"url": "data:image/png;base64," + base64.b64encode(content).decode()}

    assert call(http, [None, inside(picture(64, 64))])[0] == "complete"
    assert call(http, [None, inside(picture(64, 64)[:50])])[0] == "error"
    assert starts_like(call(http, [None, inside(PICTURES["a bomb"][1])])[1]["error"], "image.large")


@pytest.mark.parametrize("path", CLOSED)
def test_what_the_page_does_not_need_is_closed(http, path):
    for method in ("GET", "POST"):
        assert http.request(method, path, json={"data": ["seven"]}).status_code == 404


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "KNOCK"])
def test_methods_that_nobody_needs(http, method, caplog):
    for path in ("/", "/health", "/config", "/gradio_api/mcp/", "/gradio_api/upload"):
        assert http.request(method, path).status_code == 405
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_what_gradio_refuses_at_length_is_said_shortly(http):
    answer = http.post("/gradio_api/cancel", json={"session_hash": "a", "event_id": None})
    assert answer.status_code == 400 and answer.json()["detail"] == WORD["serve.request"]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_bodies(http, body):
    for path in ("call/predict", "call/v2/predict", "call/run", "call/nothing", "queue/join", "call/v2/nothing"):
        answer = http.post(f"/gradio_api/{path}", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 400, path
        assert answer.json()["detail"] in (WORD["serve.request"], WORD["serve.upload_first"])


@pytest.mark.parametrize("number", [-1, 999, True, "0", None, 0.5])
def test_events_that_are_none(http, number):
    body = {"data": [], "fn_index": number, "session_hash": "abc"}
    assert http.post("/gradio_api/queue/join", json=body).status_code == 400


EVENTS = [
    *(None, {}, {"name": 5}, {"name": "../digits"}, [], "seven", {"path": "/etc/passwd"}),
    *({"candidate": number} for number in (3, -1, 0.5, True, [0], "0", 2**70)),
    *({"task": task, "ask": "figures"} for task in ("../digits", [], None)),
    {"task": "digits", "ask": "cell", "modality": ["image"], "truth": 2**70, "guess": -1},
    *({"task": "digits", "ask": "case", "modality": "image", "number": number} for number in (-1, 2**70, "0", None)),
]


@pytest.mark.parametrize("event", EVENTS, ids=str)
def test_events_with_anything_in_them(http, event):
    for fn in http.get("/config").json()["dependencies"]:
        if fn["api_name"] not in ("example", "ask", "candidate", "figures", "case"):
            continue
        blanks = {"checkbox": True, "slider": 0, "radio": "digits"}
        types = {each["id"]: each["type"] for each in http.get("/config").json()["components"]}
        data = [blanks.get(types[number]) for number in fn["inputs"]]
        body = {"data": data, "fn_index": fn["id"], "session_hash": "event", "event_data": event}
        assert http.post("/gradio_api/queue/join", json=body).status_code == 200
        told = http.get("/gradio_api/queue/data", params={"session_hash": "event"}).text
        assert WORD["serve.unexpected"] not in told
        assert '"error":null' not in told


def test_nothing_where_a_task_or_a_link_belongs_is_a_visitors_fault(http, caplog):
    config = http.get("/config").json()
    blanks = {"checkbox": True, "slider": 0}
    types = {each["id"]: each["type"] for each in config["components"]}
    for fn in config["dependencies"]:
        data = [blanks.get(types[number]) for number in fn["inputs"]]
        body = {"data": data, "fn_index": fn["id"], "session_hash": "nothing", "event_data": {"name": "three"}}
        if http.post("/gradio_api/queue/join", json=body).status_code == 200:
            told = http.get("/gradio_api/queue/data", params={"session_hash": "nothing"}).text
            assert WORD["serve.unexpected"] not in told, fn["api_name"]
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_no_cache_keeps_what_was_given_or_answered(http):
    file = upload(http, "seven.jpg", (EXAMPLES / "digits" / "seven.jpg").read_bytes())
    asked = http.post("/gradio_api/call/predict", json={"data": [None, file]})
    told = http.get(f"/gradio_api/call/predict/{asked.json()['event_id']}")
    for answer in (http.get(f"/gradio_api/file={file['path']}"), asked, told):
        assert answer.status_code == 200
        assert answer.headers.get_list("cache-control") == ["no-store"]


@pytest.mark.parametrize("name", ["../../up.png", "a" * 300 + ".png", "", "\u202epng.exe", "con", "a;b|c.png", "."])
def test_names_of_uploads(http, name):
    given = http.post("/gradio_api/upload", files={"files": (name, picture(8, 8))})
    assert given.status_code in (200, 400)
    if given.status_code == 200:
        assert Path(places().find(given.json()[0])).resolve().is_relative_to(uploads.folder().resolve())


def test_uploads_are_limited(http):
    assert http.post("/gradio_api/upload", files={"files": ("a.wav", bytes(32_600_000))}).status_code == 413

    def endless():
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.wav"\r\n\r\n'
        for _ in range(400):
            yield bytes(100_000)

    try:
        kind = {"content-type": "multipart/form-data; boundary=x"}
        assert http.post("/gradio_api/upload", content=endless(), headers=kind).status_code == 413
    except httpx.WriteError:
        pass  # hung up on, which is as good
    assert http.post("/gradio_api/upload", content=b"no form", headers=kind).status_code == 400


def test_headers(http):
    for path in ("/", "/config", "/health", "/nothing"):
        answer = http.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.org<script>"},
        {"origin": "http://["},
        {"range": "bytes=a-b"},
        {"origin": "https://evil.org"},
        {"sec-fetch-site": "cross-site"},
    ],
    ids=str,
)
def test_hostile_headers(http, headers):
    answer = http.post("/gradio_api/call/predict", json={"data": ["seven"]}, headers=headers)
    assert answer.status_code in (400, 403)
    assert "evil" not in answer.text


def test_another_host_is_reflected_nowhere(http):
    for path in ("/", "/config", "/gradio_api/info", "/gradio_api/openapi.json"):
        said = http.get(path, headers={"x-forwarded-host": "evil.org", "x-forwarded-proto": "https"})
        assert said.status_code == 200 and "evil.org" not in said.text


def test_no_answer_names_a_folder_of_the_server(http):
    """Whatever is asked for: neither where mmdemo is, nor Python's packages, home, uploads or temporary files."""
    file = upload(http, "seven.jpg", (EXAMPLES / "digits" / "seven.jpg").read_bytes())
    config = http.get("/config").json()
    answers = [http.get(path) for path in ("/", "/config", "/manifest.json", "/theme.css", "/health", "/nothing")]
    source = re.findall(r'@(?:app|router)\.get\(\s*"(/[^"{]*)', inspect.getsource(gradio.routes))
    for path in {*source, *(f"/gradio_api{path}" for path in source), *CLOSED}:
        if "upload_progress" not in path:  # which waits for an upload
            answers.append(http.get(path))
    for path in ("/gradio_api/info?all_endpoints=true", "/gradio_api/call/x/y", f"/gradio_api/file={file['path']}"):
        answers += [http.get(path), http.head(path), http.options(path), http.post(path), http.delete(path)]
    for path in (*PATHS, str(uploads.folder()), __file__, sys.executable, "/mmdemo/server/gate.py", "/uploads/x"):
        answers.append(http.get(f"/gradio_api/file={quote(path)}"))
        assert answers[-1].status_code == 404
    for name, values in (("predict", [None, file]), ("explain", ["seven", file, None, "digits", "npz"])):
        asked = http.post(f"/gradio_api/call/{name}", json={"data": values}).json()["event_id"]
        answers.append(http.get(f"/gradio_api/call/{name}/{asked}"))
    example = next(fn for fn in config["dependencies"] if fn["api_name"] == "example")
    for name in ("seven", "nothing"):
        body = {"data": ["digits"], "fn_index": example["id"], "session_hash": "names", "event_data": {"name": name}}
        assert http.post("/gradio_api/queue/join", json=body).status_code == 200
        answers.append(http.get("/gradio_api/queue/data", params={"session_hash": "names"}))
    ask = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    ask["params"] = {"name": "explain", "arguments": {"text": "seven"}}
    accept = {"accept": "application/json, text/event-stream"}
    answers.append(http.post("/gradio_api/mcp/", json=ask, headers=accept))
    folders = {*map(str, (ROOT, Path.home(), uploads.folder(), tempfile.gettempdir(), sys.prefix, sys.base_prefix))}
    folders |= {str(Path(folder).resolve()) for folder in folders} - {"/"}
    for answer in answers:
        text = f"{answer.headers} {answer.text}"
        named = {folder for folder in folders if f"{folder}/" in text or f'{folder}"' in text}
        assert not named, f"{answer.request.method} {answer.request.url}: {named}"
    assert any("/uploads/" in answer.text for answer in answers) and "/mmdemo/assets/" in answers[0].text


MESSAGES = [b"null", b"[]", b'{"event_id": NaN}', b'{"event_id": "\\ud800"}', b'{"session_hash": 1e999}', b"{" * 10_000]


@pytest.mark.parametrize("body", MESSAGES, ids=range(len(MESSAGES)))
def test_messages_besides_runs(http, body):
    for path in ("cancel", "reset"):
        answer = http.post(f"/gradio_api/{path}", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 400, path


def test_a_heavy_body_keeps_nobody_waiting(http, page_url):
    body, told = b'{"data":[' + b"[]," * 600_000 + b"[]]}", []

    def ask():
        with httpx.Client(base_url=page_url, timeout=60) as other:
            for path in ("call/predict", "queue/join", "cancel", "mcp/"):
                told.append(other.post(f"/gradio_api/{path}", content=body).status_code)

    with ThreadPoolExecutor(4) as threads:
        running = [threads.submit(ask) for _ in range(4)]
        waits = []
        while not all(one.done() for one in running):
            begun = time.perf_counter()
            http.get("/health")
            waits.append(time.perf_counter() - begun)
    assert set(told) <= {400, 404} and len(told) == 16
    assert max(waits) < 1  # it was five seconds and more


def test_nothing_to_hear_is_said_at_once(http):
    assert http.get("/gradio_api/queue/data", params={"session_hash": "unknown"}).status_code == 404
    assert http.get("/gradio_api/call/predict/unknown").status_code == 404


@pytest.fixture
def small(checkpoints):
    """A server of its own, for one request a minute from each visitor, and a queue for none."""
    from mmdemo.app import build

    demo = build(checkpoints)
    _, url, _ = launch(demo, per_minute=5, hops=1, server_name="127.0.0.1", prevent_thread_lock=True, quiet=True)
    yield demo, url.rstrip("/")
    demo.close()


def test_who_asks_too_often_and_a_full_queue(small, monkeypatch):
    _demo, url = small
    monkeypatch.setattr(gate, "WAITING", Limit(0, 0))
    mine, other = {"x-forwarded-for": "10.0.0.1"}, {"x-forwarded-for": "10.0.0.2", "accept-language": "zh-CN"}
    ask = {"url": f"{url}/gradio_api/call/predict", "json": {"data": ["seven"]}}
    first, second, third = (httpx.post(**ask, headers=headers) for headers in (mine, mine, other))
    assert [answer.status_code for answer in (first, second, third)] == [429] * 3
    assert starts_like(first.json()["detail"], "serve.busy")
    assert starts_like(second.json()["detail"], "serve.often")
    assert third.json()["detail"].startswith(strings("zh")["serve.busy"].partition("{")[0])
    assistant = httpx.post(f"{url}/gradio_api/mcp/", json={}, headers={"x-forwarded-for": "10.0.0.3"})
    assert assistant.status_code == 429
    assert 1 <= int(first.headers["retry-after"]) <= gate.MAX_WAIT
    assert 10 <= int(second.headers["retry-after"]) <= 12


def test_the_whole_page_is_not_asked_for_all_the_time(small):
    _, url = small
    mine, other = {"x-forwarded-for": "10.0.0.1"}, {"x-forwarded-for": "10.0.0.2"}
    assert httpx.get(f"{url}/config", headers=other).status_code == 200  # the first takes the longest
    assert [httpx.get(f"{url}/config", headers=mine).status_code for _ in range(2)] == [200, 429]
    assert httpx.get(f"{url}/gradio_api/info", headers=mine).status_code == 429
    assert httpx.post(f"{url}/gradio_api/call/predict", json={"data": ["seven"]}, headers=mine).status_code == 200


def test_health_says_ready_once_the_model_answers(small):
    from mmdemo.app.tasks import Tasks
    from mmdemo.app.warm_up import warm_up

    demo, url = small
    assert httpx.get(f"{url}/health").status_code == 503
    warm_up(Tasks(demo.health.folder), demo.health)
    said = httpx.get(f"{url}/health")
    assert said.status_code == 200
    assert said.json()["status"] == "ready"
    assert set(said.json()["checkpoints"]) == {"digits", "emotion", "fruit", "lips"}
    assert all(len(hash) == 12 for hash in said.json()["checkpoints"].values())
    demo.health.stopping = True
    assert httpx.get(f"{url}/health").json()["status"] == "stopping"
    assert httpx.post(f"{url}/gradio_api/call/predict", json={"data": ["seven"]}).status_code == 503


def test_old_files_go_whoever_wrote_them(tmp_path):
    old, new = tmp_path / "a" / "old.wav", tmp_path / "b" / "new.wav"
    for path in (old, new):
        path.parent.mkdir()
        path.write_bytes(b"")
    past = time.time() - 1000
    for path in (old, old.parent):
        os.utime(path, (past, past))
    assert uploads.delete_old_files(tmp_path, 600) == 1
    assert not old.exists()
    assert new.exists()


def test_logs_hold_no_input(capsys):
    def run(text):
        raise ValueError(f"I cannot read {text}")

    try:
        run("my secret")
    except ValueError as error:
        line = json.dumps(logs.describe_error(error))
    assert "secret" not in line
    assert "ValueError" in line
    assert "test_gate.py" in line


def test_visitors_do_not_meet(page_url):
    """What one has read is not there for another, whoever asks about it."""
    mine, other = Client(page_url, verbose=False), Client(page_url, verbose=False)
    mine.predict(*Given({"text": "seven"}).values(), "digits", api_name="/run")
    with httpx.Client(base_url=page_url, timeout=60) as http:
        ask = next(fn for fn in http.get("/config").json()["dependencies"] if fn["api_name"] == "ask")
        told = {}
        for client in (mine, other):
            body = {"data": [None, "digits"], "fn_index": ask["id"], "session_hash": client.session_hash}
            body |= {"event_data": {"ask": "step", "step": 0, "number": 1}}
            assert http.post("/gradio_api/queue/join", json=body).status_code == 200
            told[client] = http.get("/gradio_api/queue/data", params={"session_hash": client.session_hash}).text
    assert "evidence" in told[mine]
    assert "evidence" not in told[other]
    assert "refused" in told[other]


class Idle(SimpleNamespace):
    """As much of Gradio's queue as is asked where nothing waits."""

    def __len__(self):
        return 0


def test_a_space_has_a_frame_and_a_proxy_of_its_own(monkeypatch):
    seen = {}
    monkeypatch.setenv("SPACE_ID", "somebody/something")
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    boxes = LRUCache(2000)
    queue = Idle(push=None, event_queue_per_concurrency_id={}, pending_messages_per_session=boxes)
    demo = SimpleNamespace(
        fns={},
        health=None,
        looks={},
        preface="",
        preview={},
        launch=lambda **settings: seen.update(settings),
        _queue=queue,
    )
    server.launch(demo, per_minute=5)
    assert os.environ["FORWARDED_ALLOW_IPS"] == ""
    _, _, settings = seen["app_kwargs"]["middleware"][0]
    assert settings["headers"]["X-Content-Type-Options"] == "nosniff"
    assert "frame" not in json.dumps(settings["headers"]).lower()
    at_the_gate = gate.Gate(None, **{**settings, "health": Health(Path(), [])})

    def ask(said, proxy="10.16.3.4"):
        scope = {"client": (proxy, 1), "headers": [(b"x-forwarded-for", said.encode())]}
        at_the_gate._check_rate(demo, at_the_gate._visitor(scope), queued=True)

    ask("2001:4860::1")
    with pytest.raises(gate.Refusal):
        ask("2001:4860::2")  # of the same customer's network
    with pytest.raises(gate.Refusal):
        ask("9.9.9.9, 2001:4860::1, 10.16.0.1")  # what stands to the left was written by the visitor
    ask("2001:4860:1::1")
    ask("nobody")
    with pytest.raises(gate.Refusal):
        ask("")  # unknown: all those share the proxy's allowance
