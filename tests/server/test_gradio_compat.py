"""What mmdemo relies on in Gradio: a test for each thing, which says in a sentence what a newer version has changed."""

import ast
import inspect
import json
import queue
import re
import socket
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import httpx
import pytest

FILE = "mmdemo/server/gradio_compat.py"
try:
    from gradio import http_server, queueing, route_utils, routes, state_holder
    from gradio.context import LocalContext
    from gradio.queueing import Event as Run
    from gradio.queueing import Queue

    from mmdemo import seats
    from mmdemo.app import build
    from mmdemo.app.given import Given
    from mmdemo.server import gate, gradio_compat, launch, uploads
    from mmdemo.server.rate_limit import RateLimiter
except ImportError as error:
    pytest.fail(f"Gradio {gr.__version__} no longer has everything that {FILE} imports: {error}", pytrace=False)

PACKAGE = Path(gradio_compat.__file__).parents[1]


@contextmanager
def gradio_still(promise, *used):
    """Fail with a sentence if Gradio breaks a promise, whatever it is that goes wrong."""
    try:
        yield
    except Exception as error:
        names = " and ".join(each if isinstance(each, str) else each.__name__ for each in used)
        pytest.fail(
            f"Gradio {gr.__version__} no longer {promise}: see {names} in {FILE}, which was written for "
            f"{gradio_compat.WRITTEN_FOR}. ({type(error).__name__}: {error})"
        )


@pytest.fixture(scope="module", autouse=True)
def restored():
    """What is replaced in Gradio's modules is put back."""
    places = [(queueing, "traceback"), (routes, "traceback"), (state_holder, "SessionState")]
    places += [(routes, "StateHolder"), (routes, "upload_fn"), (route_utils, "GradioMultiPartParser")]
    places += [(http_server, "uvicorn")]
    before = [getattr(module, name) for module, name in places]
    yield
    for (module, name), value in zip(places, before, strict=True):
        setattr(module, name, value)


@pytest.fixture
def demo():
    """A small page: a text and a state become a text."""
    with gr.Blocks() as demo:
        text, state, out = gr.Textbox("start"), gr.State(), gr.Textbox()

        def shout(text, state):
            return text.upper()

        gr.Button().click(shout, [text, state], out, api_name="shout", concurrency_limit=3)
    demo.queue(max_size=2)
    return demo


def waits(demo, count=1):
    """Put runs into the queue, which nobody takes out as the page is not launched."""
    fn = demo.fns[0]
    queue = demo._queue.event_queue_per_concurrency_id[fn.concurrency_id].queue
    for number in range(count):
        run = Run.__new__(Run)
        run._id, run.session_hash = f"run{number}", "mine"
        queue.append(run)


@contextmanager
def serving(demo, **settings):
    """The address of a page that is served as ours is."""
    demo.looks, demo.health = getattr(demo, "looks", {}), getattr(demo, "health", None) or Ready()
    demo.preface, demo.preview = getattr(demo, "preface", ""), getattr(demo, "preview", {})
    options = {"server_name": "127.0.0.1", "prevent_thread_lock": True, "quiet": True}
    _, url, _ = launch(demo, per_minute=0, **options, **settings)
    try:
        with httpx.Client(base_url=url.rstrip("/"), timeout=60) as http:
            yield http
    finally:
        demo.close()


class Ready:
    """The health of a page that can always answer."""

    ready, stopping = True, False


def call(http, name, data, session="mine"):
    """What a call came to, as Gradio streams it."""
    asked = http.post(f"/gradio_api/call/{name}", json={"data": data, "session_hash": session})
    assert asked.status_code == 200, asked.text
    return http.get(f"/gradio_api/call/{name}/{asked.json()['event_id']}").text


# The file itself


def test_it_was_written_for_the_gradio_that_is_pinned():
    pinned = re.search(r"gradio==([\d.]+)", (PACKAGE.parent / "requirements.txt").read_text())[1]
    assert pinned == gradio_compat.WRITTEN_FOR, f"Read Gradio's source again and then change WRITTEN_FOR in {FILE}."


def test_everything_in_it_is_tested_here():
    public = {name for name, value in vars(gradio_compat).items()
              if inspect.getmodule(value) is gradio_compat and not name.startswith("_")}  # fmt: skip
    tested = set(re.findall(r"gradio_compat\.(\w+)", Path(__file__).read_text(encoding="utf-8")))
    assert public - tested == set()


def test_nothing_else_reaches_into_gradio():
    """Nowhere else is anything imported but ``gradio as gr``, and of that only what Gradio lists as its own."""
    inside = {"_queue", "fns", "_data", "example_payload", "skip_api", "state_holder", "get_blocks"}
    documented = {*gr.__all__, "Component", "themes"}
    for file in PACKAGE.rglob("*.py"):
        if file == Path(gradio_compat.__file__):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            where = f"{file.relative_to(PACKAGE)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Import):
                for name in node.names:
                    root = name.name.partition(".")[0]
                    assert root not in ("uvicorn", "starlette", "fastapi"), where
                    assert root != "gradio" or (name.name, name.asname) == ("gradio", "gr"), where
            elif isinstance(node, ast.ImportFrom) and node.module:
                assert node.module.partition(".")[0] not in ("gradio", "uvicorn", "starlette", "fastapi"), where
            elif isinstance(node, ast.Attribute):
                of = node.value.id if isinstance(node.value, ast.Name) else ""
                assert of != "gr" or node.attr in documented, f"{where}: gr.{node.attr}"
                assert node.attr not in inside, f"{where}: .{node.attr}"
                replaced = isinstance(node.ctx, ast.Store) and of != "self"
                assert not (replaced and node.attr in ("preprocess", "postprocess", "fn")), f"{where}: .{node.attr} ="


# Events


def test_events(demo):
    found = gradio_compat.event_by_number, gradio_compat.event_by_name, gradio_compat.Event
    with gradio_still("keeps its events by number in Blocks.fns", *found):
        event = gradio_compat.event_by_number(demo, 0)
        assert event == gradio_compat.event_by_name(demo, "shout")
        assert event.name == "shout" and event.function("a", None) == "A"
        assert [type(each) for each in event.inputs] == [gr.Textbox, gr.State]
        assert gradio_compat.event_by_number(demo, 7) is None and gradio_compat.event_by_name(demo, "nothing") is None
    with gradio_still("leaves out inputs with skip_api in calls by name", gradio_compat.Event):
        assert event.api_inputs == [event.inputs[0]]
        assert list(event.by_parameter) == ["text", "state"]


def test_wrapped_events_run(demo):
    names = []

    def wrap(function, name):
        names.append(name)
        return lambda *given: f"<{function(*given)}>"

    with gradio_still("looks up BlockFunction.fn at each run", gradio_compat.wrap_events):
        gradio_compat.wrap_events(demo, wrap)
        assert names == ["shout"]
        with serving(demo) as http:
            assert "<SEVEN>" in call(http, "shout", ["seven"])


@pytest.mark.parametrize("sent", [{"name": "seven"}, {}, None, [1], "name"])
def test_event_data(sent):
    with gradio_still("keeps what the browser sent in EventData._data", gradio_compat.event_data):
        assert gradio_compat.event_data(gr.EventData(None, sent)) == (sent if isinstance(sent, dict) else {})


# Components


def test_preprocessing_and_examples_of_ones_own():
    with gr.Blocks() as demo:
        text, out = gr.Textbox(), gr.Textbox()
        gradio_compat.set_preprocess(text, lambda value: f"<{value}>")
        gradio_compat.set_example(text, lambda: "an example")
        gr.Button().click(lambda text: text, text, out, api_name="same")
    with serving(demo) as http:
        with gradio_still("looks up preprocess on the component", gradio_compat.set_preprocess):
            assert "<seven>" in call(http, "same", ["seven"])
        with gradio_still("looks up example_payload on the component", gradio_compat.set_example):
            told = http.get("/gradio_api/info").json()["named_endpoints"]["/same"]
            assert told["parameters"][0]["example_input"] == "an example"


def test_a_video_goes_to_the_browser_as_it_is(tmp_path, monkeypatch):
    talk = tmp_path / "talk.mp4"
    talk.write_bytes(b"nothing that ffmpeg would let pass")
    asked = []
    monkeypatch.setattr(gr.processing_utils, "video_is_playable", lambda *about: asked.append(about) or False)
    with gr.Blocks() as demo:
        video = gr.Video()
        gradio_compat.send_as_it_is(video)
        gr.Button().click(lambda: str(talk), None, video, api_name="film")
    with serving(demo) as http, gradio_still("looks up postprocess on the component", gradio_compat.send_as_it_is):
        told = call(http, "film", [])
        assert '"orig_name": "talk.mp4"' in told and "error" not in told and not asked
        assert http.get(re.search(r'"url": "([^"]+)"', told)[1]).content == talk.read_bytes()


# The queue


def test_how_many_wait(demo):
    with gradio_still("has a length of Blocks._queue", "waiting_runs"):
        demo._queue.create_event_queue_for_fn(demo.fns[0])
        assert gradio_compat.waiting_runs(demo) == 0
        waits(demo, 2)
        assert gradio_compat.waiting_runs(demo) == 2


def test_how_long_they_wait(demo):
    with gradio_still("counts the time that runs take in Queue.process_time_per_fn", gradio_compat.estimated_wait):
        demo._queue.create_event_queue_for_fn(demo.fns[0])
        assert gradio_compat.estimated_wait(demo) == 0
        waits(demo, 2)
        for seconds in (4, 8):
            demo._queue.process_time_per_fn[demo.fns[0]].add(seconds)
        assert gradio_compat.estimated_wait(demo) == 2 * 6 / 3  # two runs of six seconds, three at the same time


def test_what_runs_and_what_is_not_fetched(demo):
    with gradio_still("lists what runs in Queue.active_jobs", gradio_compat.unfinished_runs):
        assert gradio_compat.unfinished_runs(demo) == 0
        demo._queue.active_jobs = [None, [object(), object()]]
        assert gradio_compat.unfinished_runs(demo) == 2
        assert "self.active_jobs = [None] * self.max_thread_count" in inspect.getsource(Queue.start)
    with gradio_still("keeps what is not fetched in Queue.pending_event_ids_session", gradio_compat.undelivered_runs):
        assert gradio_compat.undelivered_runs(demo) == 0
        demo._queue.pending_event_ids_session["mine"] = {"a", "b"}
        assert gradio_compat.undelivered_runs(demo) == 2


def test_runs_and_sessions_are_known(demo):
    used = gradio_compat.run_is_known, gradio_compat.session_is_known, gradio_compat.undelivered_runs
    with gradio_still("knows runs and sessions in the queue as they are asked for", *used), serving(demo) as http:
        assert not gradio_compat.run_is_known(demo, "unknown") and not gradio_compat.session_is_known(demo, "mine")
        asked = http.post("/gradio_api/call/shout", json={"data": ["seven"], "session_hash": "mine"}).json()["event_id"]
        assert gradio_compat.run_is_known(demo, asked) and gradio_compat.undelivered_runs(demo) == 1
        assert gradio_compat.session_is_known(demo, "mine")
        assert "SEVEN" in http.get(f"/gradio_api/call/shout/{asked}").text
        assert gradio_compat.undelivered_runs(demo) == 0


def test_no_statistics_of_runs(demo, monkeypatch):
    tables = []
    monkeypatch.setattr(Queue, "_get_df", staticmethod(tables.append))
    with gradio_still("has Queue.ANAYLTICS_CACHE_FREQUENCY", gradio_compat.skip_run_statistics):
        assert hasattr(demo._queue, "ANAYLTICS_CACHE_FREQUENCY")
        gradio_compat.skip_run_statistics(demo)
        with serving(demo) as http:
            assert "SEVEN" in call(http, "shout", ["seven"])
        assert tables == []


class Waiting:
    """What the queue keeps of a run."""

    def __init__(self, visitor, session="mine"):
        self._id, self.session_hash, self.concurrency_id, self.alive = f"{visitor}{id(self)}", session, "one", True
        self.request = SimpleNamespace(scope={gradio_compat.NOTED: visitor})


def test_visitors_take_turns(demo):
    with gradio_still("keeps runs in EventQueue.queue", gradio_compat.take_turns, gradio_compat.waiting_of):
        queue = demo._queue
        waiting = queue.event_queue_per_concurrency_id["one"] = queueing.EventQueue("one", 1)
        for visitor in ("a", "a", "a", "b", "c", "a", "b", ""):
            run = Waiting(visitor)
            queue.event_ids_to_events[run._id] = run
            waiting.queue.append(run)
            gradio_compat.take_turns(demo, run._id)
        order = [run.request.scope[gradio_compat.NOTED] for run in waiting.queue]
        assert order == ["a", "b", "c", "", "a", "b", "a", "a"]
        assert [gradio_compat.waiting_of(demo, visitor) for visitor in "abd"] == [4, 2, 0]
        assert gradio_compat.whose_session(demo, "mine") == "a" and gradio_compat.whose_session(demo, "b") == ""
        assert "first_event = event_queue.queue[0]" in inspect.getsource(Queue.get_events)


def test_runs_are_seen_and_forgotten(demo):
    seen = []
    used = gradio_compat.watch_runs, gradio_compat.forget_run, gradio_compat.is_undelivered, gradio_compat.is_unfinished
    with gradio_still("keeps runs in the queue as we know them", *used), serving(demo) as http:
        gradio_compat.watch_runs(demo, lambda *run: seen.append(run))
        for text in ("seven", "eight"):
            assert http.post("/gradio_api/call/shout", json={"data": [text], "session_hash": "mine"}).status_code == 200
        (visitor, session, first), (_, _, second) = seen
        assert (visitor, session) == ("127.0.0.1", "mine")
        until = time.monotonic() + 30
        while gradio_compat.is_unfinished(demo, first) or gradio_compat.is_unfinished(demo, second):
            assert time.monotonic() < until
            time.sleep(0.05)
        assert gradio_compat.is_undelivered(demo, session, first)
        gradio_compat.forget_run(demo, session, first)
        assert not gradio_compat.is_undelivered(demo, session, first)
        told = http.get(f"/gradio_api/call/shout/{second}").text
        assert "EIGHT" in told and "SEVEN" not in told
        gradio_compat.forget_run(demo, session, second)
        gradio_compat.keep_mailboxes(demo)
        demo._queue.pending_event_ids_session["heard"] = set()
        gradio_compat.forget_heard_sessions(demo, rested=0)
        assert not demo._queue.pending_event_ids_session and not demo._queue.pending_messages_per_session


def test_runs_in_progress_count_when_visitors_take_turns(demo):
    with gradio_still("keeps what is computed in Queue.active_jobs", gradio_compat.take_turns):
        queue = demo._queue
        waiting = queue.event_queue_per_concurrency_id["one"] = queueing.EventQueue("one", 2)
        queue.active_jobs = [[Waiting("a")], None, [Waiting("a")]]
        for visitor in "aab":
            run = Waiting(visitor)
            queue.event_ids_to_events[run._id] = run
            waiting.queue.append(run)
            gradio_compat.take_turns(demo, run._id)
        assert [run.request.scope[gradio_compat.NOTED] for run in waiting.queue] == ["b", "a", "a"]


def test_a_session_that_was_forgotten_can_be_told_and_forgotten_again(demo):
    """Gradio throws the session away of whoever hangs up, and tells it what runs; it may be gone already."""
    with gradio_still("keeps what sessions are to be told in a dictionary", gradio_compat.keep_mailboxes):
        gradio_compat.keep_mailboxes(demo)
        boxes = demo._queue.pending_messages_per_session
        boxes["mine"] = queue.Queue()
        for _ in range(2):
            del boxes["mine"]
        boxes["mine"].put_nowait("anything")
        assert "mine" not in boxes


def test_no_session_is_forgotten_because_others_have_come(demo):
    with gradio_still("keeps what sessions are to be told in a dictionary", gradio_compat.keep_mailboxes):
        gradio_compat.keep_mailboxes(demo)
        names = [f"session {number}" for number in range(3000)]
        for name in names:
            demo._queue.pending_messages_per_session[name] = queue.Queue()
            demo._queue.pending_event_ids_session[name] = {"a run"} if name in names[:2] else set()
        gradio_compat.forget_heard_sessions(demo)
        assert len(demo._queue.pending_messages_per_session) == 3000  # somebody may be about to listen
        gradio_compat.forget_heard_sessions(demo, rested=0)
        assert (
            list(demo._queue.pending_messages_per_session) == names[:2] == list(demo._queue.pending_event_ids_session)
        )


def test_a_stream_that_has_nothing_to_tell_yet_stays_open_while_others_come(demo):
    """An answer may be heard before the word that it was asked for: then a page opens another stream."""
    used = gradio_compat.keep_mailboxes, gradio_compat.forget_heard_sessions
    with gradio_still("looks for a session's messages again and again", *used), serving(demo) as http:
        gradio_compat.keep_mailboxes(demo)
        gradio_compat.watch_runs(demo, lambda *_: gradio_compat.forget_heard_sessions(demo))
        ask = {"data": ["seven"], "session_hash": "mine"}
        assert http.post("/gradio_api/call/shout", json=ask).status_code == 200
        told = []

        def listen(stream):
            told.extend(json.loads(line.removeprefix("data: ")) for line in stream.iter_lines() if line)

        with http.stream("GET", "/gradio_api/queue/data?session_hash=mine", timeout=60) as stream:
            listen(stream)
        assert told[-1]["msg"] == "close_stream"
        told.clear()
        with http.stream("GET", "/gradio_api/queue/data?session_hash=mine", timeout=60) as stream:
            hearing = threading.Thread(target=listen, args=(stream,))
            hearing.start()
            for session in ("yours", "theirs"):
                answer = http.post("/gradio_api/call/shout", json=ask | {"session_hash": session})
                assert answer.status_code == 200
            time.sleep(11)  # it has looked once more
            assert not [message for message in told if message["msg"] != "heartbeat"]
            assert http.post("/gradio_api/call/shout", json=ask).status_code == 200
            hearing.join(30)
        assert "process_completed" in {message["msg"] for message in told}


# Sessions


def test_only_sessions_that_remember_something_are_kept(demo):
    with gr.Blocks() as demo:
        text, state = gr.Textbox(), gr.State()
        gr.Button().click(lambda text: text or None, text, state, api_name="keep")
        gr.Button().click(lambda state: state or "nothing", state, text, api_name="kept")
    with gradio_still("keeps sessions in StateHolder", gradio_compat.KeptSessions), serving(demo) as http:
        assert isinstance(demo.state_holder, gradio_compat.KeptSessions)
        for session, text in (("empty", ""), ("full", "seven")):
            call(http, "keep", [text], session)
        assert list(demo.state_holder.session_data) == demo.state_holder.held.of("127.0.0.1") == ["full"]
        assert "seven" in call(http, "kept", [], "full") and "nothing" in call(http, "kept", [], "empty")
        demo.state_holder.delete_state("full")
        assert not demo.state_holder.session_data and not demo.state_holder.held.everything()


def test_a_session_keeps_its_state_and_forgets_its_inputs(checkpoints):
    demo = build(checkpoints)
    with serving(demo) as http, gradio_still(
        "makes sessions as we know them", gradio_compat.use_light_sessions, gradio_compat.LightSessionState
    ):  # fmt: skip
        assert "complete" in call(http, "run", [*Given({"text": "my secret seven"}).values(), "digits"])
        kept = demo.state_holder["mine"]
        assert type(kept) is gradio_compat.LightSessionState
        assert any(getattr(value, "said", None) for value in kept.state_data.values())  # the reading, to be asked about
        assert "secret" not in str(kept.config_values)


# Requests


def test_the_page_of_a_request_and_whether_there_is_one():
    seen, whose = [], []
    with gr.Blocks() as demo:
        text = gr.Textbox()
        ask = gr.Button().click
        ask(lambda text: seen.append(gradio_compat.serves_a_request()), text, None, api_name="ask")
        ask(lambda text: whose.append(seats.visitor.get()), text, None, api_name="whose")
    with serving(demo) as http:
        call(http, "ask", ["seven"])
        call(http, "whose", ["seven"])
        with gradio_still("keeps the request that joined the queue", gradio_compat.visitor_served):
            assert whose == ["127.0.0.1"]
            assert gradio_compat.visitor_served() == ""
        with gradio_still("sets LocalContext.request for a run", gradio_compat.serves_a_request):
            assert seen == [True]
            assert not gradio_compat.serves_a_request()
            assert LocalContext.request.get(None) is None
        with gradio_still("has App.get_blocks", gradio_compat.blocks_of):
            assert gradio_compat.blocks_of({"app": demo.app}) is demo


def test_a_run_over_mcp_is_counted_for_who_asked_for_it(checkpoints, monkeypatch):
    pytest.importorskip("mcp", reason="needs mcp: pip install -r requirements-test.txt")
    visitors = []

    def wait(self, visitor):
        if "pages" not in visitor:  # which Gradio looks at once
            visitors.append(visitor)
        return 0.0

    monkeypatch.setattr(RateLimiter, "wait", wait)
    ask = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    ask |= {"params": {"name": "predict", "arguments": {"text": "seven"}}}
    accept = {"accept": "application/json, text/event-stream"}
    with (
        serving(build(checkpoints)) as http,
        gradio_still("hands the headers of an MCP request on with its run", gradio_compat.count_mcp_run_for),
    ):
        forged = {"x-forwarded-for": "10.0.0.7", "x-mmdemo-counted-for": "guessed 10.0.0.8"}
        answer = http.post("/gradio_api/mcp/", json=ask, headers={**accept, **forged})
        assert '"isError":false' in answer.text
        assert len(visitors) > 1 and set(visitors) == {"127.0.0.1"}
        monkeypatch.setattr("mmdemo.server.gate.visitor", lambda scope, hops: f"peer {scope['client'][1]}")
        visitors.clear()
        assert '"isError":false' in http.post("/gradio_api/mcp/", json=ask, headers={**accept, **forged}).text
        assert len(visitors) > 1 and len(set(visitors)) == 1  # though it came over another connection


def test_who_an_mcp_run_is_counted_for_is_said_by_the_token_alone():
    scope = {"headers": [(b"x-mmdemo-counted-for", b"guessed somebody")]}
    assert gradio_compat.mcp_run_counted_for(scope, "token") is None
    gradio_compat.count_mcp_run_for(scope, "token", "::1")
    assert gradio_compat.mcp_run_counted_for(scope, "token") == "::1"
    assert gradio_compat.mcp_run_counted_for(scope, "another") is None


def test_whose_request_it_is():
    seen = []
    with gr.Blocks() as demo:
        text = gr.Textbox()
        gr.Button().click(lambda text: seen.append(gradio_compat.visitor_served()), text, None, api_name="ask")
    used = gradio_compat.note_visitor, gradio_compat.visitor_served, gradio_compat.visitor_noted
    with gradio_still("hands a request on to its run", *used), serving(demo, hops=1) as http:
        asked = http.post("/gradio_api/call/ask", json={"data": ["seven"]}, headers={"x-forwarded-for": "9.9.9.9"})
        http.get(f"/gradio_api/call/ask/{asked.json()['event_id']}")
        assert seen == ["9.9.9.9"] and gradio_compat.visitor_served() == ""
        assert gradio_compat.visitor_noted({}) == ""


def test_what_is_a_visitors_fault():
    from starlette.exceptions import HTTPException
    from starlette.requests import ClientDisconnect

    assert all(map(gradio_compat.is_visitors_fault, (ClientDisconnect(), HTTPException(404))))
    assert not gradio_compat.is_visitors_fault(KeyError())


# Files


def test_static_paths(tmp_path):
    with gradio_still("keeps its static paths in _StaticFiles.all_paths", gradio_compat.static_paths):
        before = gradio_compat.static_paths()
        gr.set_static_paths([*before, tmp_path])
        assert tmp_path.resolve() in gradio_compat.static_paths()
        gr.set_static_paths(before)


def test_the_folder_for_files_over_mcp(tmp_path, monkeypatch):
    pytest.importorskip("mcp", reason="needs mcp: pip install -r requirements-test.txt")
    from gradio import mcp

    monkeypatch.setattr(mcp, "DEFAULT_TEMP_DIR", mcp.DEFAULT_TEMP_DIR)  # is put back
    with gradio_still("writes what comes over MCP to gradio.mcp.DEFAULT_TEMP_DIR", gradio_compat.set_mcp_folder):
        written = []
        monkeypatch.setattr(mcp, "processing_utils", mcp.processing_utils)  # is put back
        gradio_compat.set_mcp_folder(tmp_path, written.append)
        server = mcp.GradioMCPServer.__new__(mcp.GradioMCPServer)
        given = server.convert_strings_to_filedata({"image": "data:image/png;base64,AAAA"}, [["image"]])
        assert Path(str(dict(given["image"])["path"])).is_relative_to(tmp_path)
        assert [str(path) for path in written] == [dict(given["image"])["path"]]


def test_uploads_are_seen_and_leave_nothing(demo, monkeypatch):
    written = []
    monkeypatch.setattr(uploads, "charge", written.append)
    with gradio_still("takes uploads by upload_fn", gradio_compat.watch_uploads), serving(demo) as http:
        given = http.post("/gradio_api/upload", files=[("files", (f"{n}.txt", b"seven")) for n in range(4)])
        assert [path.name for path in written] == [f"{n}.txt" for n in range(4)] and len(given.json()) == 4
        before = {path for path in uploads.folder().rglob("*") if path.is_file()}
        assert http.post("/gradio_api/upload", files=[("files", ("a", b"seven"))] * 5).status_code == 400
        head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.wav"\r\n\r\n'
        said = b"POST /gradio_api/upload HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n"
        with socket.create_connection((http.base_url.host, http.base_url.port)) as left:
            left.sendall(said + b"Content-Type: multipart/form-data; boundary=x\r\n\r\n" + head + bytes(100_000))
            time.sleep(0.3)
        until = time.monotonic() + 10
        while {path for path in uploads.folder().rglob("*") if path.is_file()} != before:
            assert time.monotonic() < until
            time.sleep(0.05)


# The server


def test_our_routes_are_there(demo):
    with gradio_still("has its routes where the gate opens them", "API"), serving(demo) as http:
        assert f"{route_utils.API_PREFIX}/" == gradio_compat.API
        paths = {route.path for route in demo.app.router.routes if hasattr(route, "path")}
        assert http.get("/gradio_api/info").status_code == 200
        source = inspect.getsource(routes)
        for route in gate.OPEN_API_ROUTES - {"mcp"}:  # which is mounted, and tested above
            assert re.search(rf'"/{re.escape(route)}\b', source), f"no route /gradio_api/{route}"
        for route in gate.OPEN_ROUTES - {""}:
            assert any(path.strip("/").split("/")[0] == route for path in paths), f"no route /{route}"


def test_middleware_is_around_the_page(demo):
    class Stamp:
        def __init__(self, app, word):
            self.app, self.word = app, word

        async def __call__(self, scope, receive, send):
            async def stamped(message):
                if message["type"] == "http.response.start":
                    message["headers"] = [*message.get("headers", []), (b"stamp", self.word.encode())]
                await send(message)

            await self.app(scope, receive, stamped)

    with gradio_still("hands app_kwargs to FastAPI", gradio_compat.middleware):
        stamp = gradio_compat.middleware(Stamp, word="seen")
        with serving(demo, app_kwargs={"middleware": [stamp]}) as http:
            assert http.get("/config").headers["stamp"] == "seen"


def test_tracebacks_are_ours(demo):
    class Quiet:
        printed = 0

        def print_exc(self):
            self.printed += 1

        def __getattr__(self, name):
            import traceback

            return getattr(traceback, name)

    quiet = Quiet()
    gradio_compat.wrap_events(demo, lambda function, name: lambda *given: 1 / 0)
    with gradio_still("prints errors by the module traceback of gradio.queueing", gradio_compat.replace_traceback):
        gradio_compat.replace_traceback(quiet)
        with serving(demo) as http:
            assert "error" in call(http, "shout", ["seven"])
        assert quiet.printed == 1
        assert "traceback.print_exc()" in inspect.getsource(routes)


def test_a_stop_waits_no_longer_than_it_should(demo):
    with gradio_still("runs a uvicorn.Server with a config", gradio_compat.set_shutdown_timeout), serving(demo):
        assert demo.server.config.timeout_graceful_shutdown is None
        gradio_compat.set_shutdown_timeout(demo, 2)
        import uvicorn

        assert "config.timeout_graceful_shutdown" in inspect.getsource(uvicorn.Server)
        assert demo.server.config.timeout_graceful_shutdown == 2


def test_http_is_spoken_as_we_say(demo):
    made = []

    def wrap(protocol):
        return lambda **settings: made.append(protocol(**settings)) or made[-1]

    gradio_compat.set_http(wrap, timeout_keep_alive=3)
    with gradio_still("makes its uvicorn.Config in gradio.http_server", gradio_compat.set_http):
        _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1")
        assert httpx.get(f"{url}config").status_code == 200
        assert made and made[0].timeout_keep_alive == 3
        demo.close()


def test_what_the_first_run_would_import():
    with gradio_still("imports matplotlib in the first run", gradio_compat.preload):
        gradio_compat.preload()
        assert "MatplotlibBackendMananger" in inspect.getsource(route_utils.call_process_api)


def test_a_changed_gradio_is_said_in_a_sentence(demo):
    demo._queue.__class__ = type("Changed", (Queue,), {"__len__": None})
    sentence = r"^Gradio \d.* no longer counts its queue: see waiting_runs in mmdemo"
    with (
        pytest.raises(pytest.fail.Exception, match=sentence),
        gradio_still("counts its queue", gradio_compat.waiting_runs),
    ):
        gradio_compat.waiting_runs(demo)
