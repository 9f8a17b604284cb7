"""What programs may call: over HTTP with the shipped examples, and over MCP with its own client."""

import ast
import asyncio
import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import numpy as np
import pytest
from films import film
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from mmdemo.app.tasks import EXAMPLES
from mmdemo.inference.predictor import Predictor
from mmdemo.messages import strings

ROOT = Path(__file__).parents[2]
DIGITS = EXAMPLES / "digits"
FILES = [DIGITS / "eight.jpg", DIGITS / "nine.flac"]


@pytest.fixture(scope="module")
def alone(checkpoints):
    """What the predictor says, with nothing in between."""
    return Predictor.load(checkpoints / "digits")


@pytest.fixture(scope="module")
def client(page_url):
    return Client(page_url, verbose=False)


def test_two_endpoints_are_described_and_no_others(page_url):
    info = httpx.get(f"{page_url}/gradio_api/info").json()
    assert info["unnamed_endpoints"] == {}
    assert set(info["named_endpoints"]) == {"/predict", "/explain"}
    for name, told in info["named_endpoints"].items():
        assert len(told["description"]) > 60
        parameters = {each["parameter_name"]: each for each in told["parameters"]}
        assert list(parameters)[:4] == ["text", "image", "audio", "task"]
        assert all(each["parameter_has_default"] for each in parameters.values())
        assert list(parameters)[-1] == "video"
        assert parameters["image"]["example_input"]["path"] == "photo.jpg"
        assert parameters["task"]["type"]["enum"] == ["digits", "emotion", "fruit", "lips"]
        assert len(told["returns"]) == (2 if name == "/explain" else 1)


def test_explain_says_what_the_predictor_finds(client, alone):
    why, trace = client.predict("three, no wait, five", *map(handle_file, FILES), trace="npz", api_name="/explain")
    result = alone.predict("three, no wait, five", *FILES)
    explanation = alone.explain(result)
    assert why["probabilities"] == pytest.approx(result.to_json()["probabilities"], abs=1e-5)
    assert [step["text"] for step in why["steps"][:3]] == ["three", ",", "no"]
    assert len(why["steps"]) == len(result.steps)
    evidence = sum(step["evidence"] for step in why["steps"]) + why["bias"]
    logits = explanation.logits[explanation.answer] - explanation.logits.mean()
    assert evidence == pytest.approx(float(logits), abs=1e-2)  # of numbers with five digits
    shares = sum(share[why["label"]] for share in why["shares"].values()) + why["prior"][why["label"]]
    assert shares == pytest.approx(why["probability"], abs=1e-3)
    with np.load(trace, allow_pickle=False) as arrays:
        np.testing.assert_allclose(arrays["c"], result.trace.c.numpy(), atol=1e-5)
    assert len(json.dumps(why)) < 30_000


def test_nothing_to_explain(client):
    why, trace = client.predict("   ", api_name="/explain")
    assert why["steps"] == []
    assert trace is None
    with pytest.raises(AppError, match=strings()["text.too_long"].partition("{")[0]):
        client.predict("seven " * 400, api_name="/explain")


def test_a_video_is_read_and_explained(client, tmp_path):
    talk = tmp_path / "talk.webm"
    talk.write_bytes(film("webm"))
    answer = client.predict(task="lips", video=handle_file(talk), api_name="/predict")
    assert answer["used"] == ["video"] and set(answer["probabilities"]) == {"in sync", "out of sync"}
    assert [late for late, _ in answer["offsets"]] == pytest.approx(0.08 * np.arange(-6, 7), abs=1e-9)
    why, _ = client.predict(task="lips", video=handle_file(talk), api_name="/explain")
    assert (why["probabilities"], len(why["steps"])) == (answer["probabilities"], 2 * 37)  # lips and voice of 80 ms
    with pytest.raises(AppError, match=strings()["answer.not_of_task"].partition("{")[0]):
        client.predict("seven", task="lips", api_name="/predict")
    with pytest.raises(AppError, match=strings()["video.unreadable"][:30]):
        client.predict(task="lips", video=handle_file(FILES[0]), api_name="/predict")


def lines(*command):
    """What a program printed, each line as JSON."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def check(answer, why, alone):
    result = alone.predict("three, no wait, five", *FILES)
    assert answer["label"] == result.label
    assert answer["probability"] == pytest.approx(result.probability, abs=1e-5)
    assert answer["used"] == ["text", "image", "audio"]
    assert why["loudest"] == "five"
    assert len(why["sentences"]) > 1


def test_the_python_example(page_url, alone):
    answer, why = lines(sys.executable, str(ROOT / "examples" / "call.py"), page_url, *map(str, FILES))
    check(answer, why, alone)
    assert Path(why["trace"]).suffix == ".npz"


def test_the_javascript_example(page_url, alone):
    if not (node := shutil.which("node")):
        pytest.skip("needs Node 18 or later")
    answer, why = lines(node, str(ROOT / "examples" / "call.mjs"), page_url, *map(str, FILES))
    check(answer, why, alone)
    assert why["units"] == 128


# Over MCP


@pytest.fixture(scope="module")
def assistant(page_url):
    """Call it with the names and arguments of tools: the tools that there are, and what each call came to."""
    mcp = pytest.importorskip("mcp", reason="needs mcp: pip install -r requirements-test.txt")
    from mcp.client.streamable_http import streamable_http_client

    async def talk(calls):
        async with (
            streamable_http_client(f"{page_url}/gradio_api/mcp/") as (receive, send, _),
            mcp.ClientSession(receive, send) as session,
        ):
            await session.initialize()
            tools = (await session.list_tools()).tools
            return {tool.name: tool for tool in tools}, [await session.call_tool(*call) for call in calls]

    return lambda *calls: asyncio.run(talk(calls))


def inside(path, kind):
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def test_an_assistant_lists_and_calls(assistant, page_url, alone):
    text = "three, no wait, five"
    picture = httpx.post(f"{page_url}/gradio_api/upload", files={"files": ("a.jpg", FILES[0].read_bytes())}).json()[0]
    uploaded = f"http://anywhere.example/gradio_api/file={picture}"
    tools, (read, heard, seen, why) = assistant(
        ("predict", {"text": text}),
        ("predict", {"audio": inside(FILES[1], "audio/flac")}),
        ("predict", {"image": uploaded}),
        ("explain", {"text": text, "image": inside(FILES[0], "image/jpeg")}),
    )
    assert set(tools) == {"predict", "explain"}
    assert "one sequence" in tools["predict"].description
    properties = tools["predict"].inputSchema["properties"]
    assert set(properties) == {"text", "image", "audio", "task", "video"}
    assert "no wait" in properties["text"]["description"]
    given = ({"text": text}, {"audio": FILES[1]}, {"image": FILES[0]}, {"text": text, "image": FILES[0]})
    for told, inputs in zip((read, heard, seen, why), given, strict=True):
        assert not told.isError, told
        answer = alone.predict(**inputs)
        assert f"'label': '{answer.label}'" in told.content[0].text.replace('"', "'")
    brief, file = ast.literal_eval(why.content[0].text)  # Gradio writes several values as Python does
    assert len(httpx.get(file["url"]).json()["steps"]) == len(brief["steps"]) == 20


@pytest.mark.parametrize(
    "arguments",
    [
        {"text": "seven " * 400},
        {"image": "https://example.org/a.png"},
        {"image": "http://127.0.0.1:9/gradio_api/file=/etc/passwd"},
        {"image": "/etc/passwd"},
        {"video": "/etc/passwd"},
        {"image": {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}},
        {"text": {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}},
        {"task": "../digits"},
        {"nothing": 1},
    ],
    ids=str,
)
def test_an_assistant_that_asks_for_too_much_is_refused(assistant, arguments):
    _, (told,) = assistant(("predict", arguments))
    assert told.isError
    said = told.content[0].text
    assert "Traceback" not in said
    assert "root:" not in said


def test_the_gate_is_there_for_assistants_too(page_url):
    address = f"{page_url}/gradio_api/mcp"
    accept = {"accept": "application/json, text/event-stream"}
    assert httpx.post(address, content=b"{" * 100, headers=accept).status_code == 400
    assert httpx.post(address, content=b"7" * 3_000_000, headers=accept).status_code == 413
    assert httpx.get(address, headers={"accept": "text/event-stream"}).status_code == 405  # no stream without an end
    for older in ("sse", "messages/", "messages/?session_id=0"):
        assert httpx.get(f"{address}/{older}").status_code == 404
        assert httpx.post(f"{address}/{older}", json={}).status_code == 404
