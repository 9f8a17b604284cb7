"""A live session in a real browser: a minute of sound in its Worker, held against PyTorch; and without a Worker."""

import http.server
import json
import threading
from functools import partial

import pytest
from streamed import SESSION, Streamed

from mmdemo.app.web import LIVE, WEB, bundle
from mmdemo.inference.live_weights import live_weights

SECONDS = 60


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *rest):
        pass


@pytest.fixture(scope="module")
def streamed(trained):
    return Streamed.of(trained, SECONDS)


@pytest.fixture(scope="module")
def page(chromium, streamed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("live")
    (folder / "index.html").write_text("<!doctype html><title>live</title>")
    (folder / "worker.js").write_text(bundle(LIVE))
    (folder / "session.js").write_text(bundle(WEB / "live/session.js"))
    (folder / "weights.js").write_text(bundle(WEB / "live/weights.js"))
    (folder / "connect.js").write_text(bundle(WEB / "live/connect.js"))
    (folder / "weights").write_bytes(live_weights(streamed.model))
    (folder / "samples").write_bytes(streamed.samples.tobytes())
    (folder / "given").write_bytes(streamed.given.tobytes())
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    opened = chromium().new_page()
    opened.set_default_timeout(600_000)
    opened.goto(f"http://127.0.0.1:{server.server_address[1]}/index.html")
    yield opened
    server.shutdown()


def test_a_minute_in_the_browser_is_what_pytorch_makes_of_it(page, streamed):
    found = page.evaluate(
        f"""async ([every, pieces]) => {{
          const bytes = async (name) => (await fetch(name)).arrayBuffer();
          const floats = async (name) => new Float32Array(await bytes(name));
          const modules = {{ ...(await import("/session.js")), ...(await import("/weights.js")) }};
          const run = {SESSION};
          const [samples, given] = [await floats("samples"), await floats("given")];
          return JSON.stringify(await run(modules, await bytes("weights"), samples, given, every, pieces));
        }}""",
        [streamed.every, list(streamed.pieces)],
    )
    streamed.compare(json.loads(found))


@pytest.mark.parametrize("worker", ["worker.js", "missing.js", "data:text/plain,no"])
def test_with_and_without_a_worker_the_same_is_answered(page, streamed, worker):
    """A Worker that cannot start is done without: all that was asked meanwhile is answered, in order."""
    answers = page.evaluate(
        """async (worker) => {
          const { connect } = await import("/connect.js");
          const weights = await (await fetch("weights")).arrayBuffer();
          const samples = new Float32Array(await (await fetch("samples")).arrayBuffer()).subarray(0, 24000);
          const given = new Float32Array(await (await fetch("given")).arrayBuffer());
          return new Promise((done) => {
            const answers = [];
            const session = connect(worker, (answer) => {
              answers.push(answer);
              if (answer.ask === "look" || answer.ask === undefined) done(answers.map((one) => ({
                ask: one.ask, error: one.error ?? null, steps: one.steps?.length, task: one.about?.task,
                kinds: [...new Set(one.steps?.map((step) => step.modality))],
              })));
            });
            session.tell({ ask: "hear", samples });
            session.tell({ ask: "open", weights });
            session.tell({ ask: "hear", samples });
            session.tell({ ask: "read", steps: given, modality: "text", seen: ["three"] });
            session.tell({ ask: "wait", count: 3 });
            session.tell({ ask: "look" });
          });
        }""",
        worker,
    )
    assert [answer["ask"] for answer in answers] == ["hear", "open", "hear", "read", "wait", "look"]
    assert answers[0]["error"] and not any(answer["error"] for answer in answers[1:])
    assert answers[1]["task"] == "digits"
    heard = answers[2]["steps"]
    assert 10 <= heard <= 15
    assert [answer["steps"] for answer in answers[3:]] == [7, 3, heard + 10]
    assert answers[5]["kinds"] == ["audio", "text"]
