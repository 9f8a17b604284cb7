"""The page without a browser: its parts, its words, and what its server answers."""

import base64
import io
import json
import re
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import httpx
import numpy as np
import pytest
import soundfile as sf
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from mmdemo.app import LAUNCH, build, parts
from mmdemo.app.given import Given
from mmdemo.app.handlers import Handlers
from mmdemo.app.reading import read
from mmdemo.app.tasks import EXAMPLES, Tasks
from mmdemo.app.warm_up import warm_up
from mmdemo.app.web import ENTRY, WEB, built
from mmdemo.audio.preview import PEAKS
from mmdemo.audio.reader import read_audio
from mmdemo.image.reader import read_image
from mmdemo.inference.predictor import Predictor
from mmdemo.messages import Note, strings
from mmdemo.modality import Noise
from mmdemo.model.modalities import SENSES
from mmdemo.server.health import Health
from mmdemo.server.places import places

DIGITS = EXAMPLES / "digits"
EMOTION = EXAMPLES / "emotion"
FEELINGS = ["anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise"]


@pytest.fixture(scope="module")
def config(checkpoints):
    return build(checkpoints).get_config_file()


@pytest.fixture(scope="module")
def client(page_url):
    return Client(page_url, verbose=False)


@pytest.fixture(scope="module")
def predictor(checkpoints):
    return Predictor.load(checkpoints / "digits")


# What it is made of


def test_building_the_page_starts_nothing(checkpoints):
    before = set(threading.enumerate())
    assert isinstance(build(checkpoints), gr.Blocks)
    assert set(threading.enumerate()) <= before


def test_only_what_programs_may_call_is_public(config):
    public = [each["api_name"] for each in config["dependencies"] if each["api_visibility"] == "public"]
    assert public == ["predict", "explain"]  # first of all, too
    assert [each["api_name"] for each in config["dependencies"]][:2] == public


def test_templates_hold_no_place_for_what_a_person_gives(config):
    templates = [each["props"]["html_template"] for each in config["components"] if each["type"] == "html"]
    assert len(templates) > 5
    assert not any(re.search(r"\$\{|\{\{", template) for template in templates)


def test_nothing_comes_from_elsewhere(config):
    assert "http" not in parts.head().replace(parts.words(), "")  # which may speak of an address
    assert not LAUNCH["theme"]._stylesheets
    assert not any(each["type"] == "plot" for each in config["components"])
    for module in WEB.rglob("*.js"):
        addresses = re.findall(r"https?://[^\s\"'`]+", module.read_text(encoding="utf-8"))
        assert set(addresses) <= {"http://www.w3.org/2000/svg"}, module.name


def test_nothing_is_kept(checkpoints):
    every, age = build(checkpoints).delete_cache
    assert every + age <= 3600  # seconds: what the page promises
    assert not LAUNCH["run_history"]
    assert not LAUNCH["show_error"]


def test_every_task_in_the_folder_can_be_chosen(config):
    (task,) = [each for each in config["components"] if each["props"].get("elem_id") == "task"]
    assert task["props"]["choices"] == [(name.capitalize(), name) for name in ("digits", "emotion", "fruit", "lips")]
    assert task["props"]["value"] == "digits"


def echo(handlers, monkeypatch, used=("text",)):
    """Handlers that show what they would read, and of it ``used``."""
    runs = []

    def read(given, **more):
        runs.append(given)
        return "answer", "drawing", given, SimpleNamespace(number=len(runs), result=SimpleNamespace(used=used))

    monkeypatch.setattr(handlers, "read", read)
    return handlers


def test_an_example_is_computed_once_for_each_checkpoint(checkpoints, monkeypatch):
    tasks = Tasks(checkpoints)
    handlers, event = echo(Handlers(tasks), monkeypatch), gr.EventData(None, {"name": tasks.example_names("digits")[0]})
    assert [handlers.try_example(event, "digits")[-1].number for _ in range(3)] == [1, 1, 1]
    tasks._hashes["digits"] = "of another training"
    assert handlers.try_example(event, "digits")[-1].number == 2
    handlers = echo(Handlers(tasks), monkeypatch, used=())  # refused: by a machine that is too busy
    assert [handlers.try_example(event, "digits")[-1].number for _ in range(2)] == [1, 2]


def test_what_was_wished_for_first_and_is_ready_last_changes_nothing(tmp_path):
    do, begun, go_on = Handlers(Tasks(tmp_path)), threading.Event(), threading.Event()

    def slow(value):
        begun.set()
        assert go_on.wait(30)
        return value

    def ask(handler, session, value):
        return do.newest(handler)(gr.EventData(None, {}), SimpleNamespace(session_hash=session), value)

    with ThreadPoolExecutor() as pool:
        first = pool.submit(ask, slow, "one", "a sound")
        assert begun.wait(30)
        assert ask(lambda value: value, "one", "an example") == "an example"
        assert ask(lambda event, value: (event._data, value), "another", "words") == ({}, "words")
        go_on.set()
        assert first.result() == gr.skip()
    assert ask(slow, "one", "a sound") == "a sound"
    assert ask(slow, None, "of a program") == "of a program"
    with pytest.raises(ZeroDivisionError):
        ask(lambda value: 1 / 0, "one", "")
    assert not do._wishes


def test_there_is_a_page_even_without_a_task(tmp_path):
    assert build(tmp_path).get_config_file()["dependencies"]


# From what was given to what is shown


def test_a_bad_file_does_not_take_the_others_with_it(predictor, tmp_path):
    (tmp_path / "not.jpg").write_text("this is no picture")
    reading = read(predictor, text="seven", image=tmp_path / "not.jpg", audio=DIGITS / "nine.flac")
    answer, figure = reading.said, reading.figure
    assert answer["used"] == ["text", "audio"]
    assert answer["ignored"]["image"]["key"] == "image.unreadable"
    assert {step["modality"] for step in figure["steps"]} == {"text", "audio"}


@pytest.mark.parametrize("given", [{}, {"text": "   "}, {"audio": (16_000, np.zeros(16_000, np.float32))}])
def test_nothing_to_read_is_said(given, predictor):
    reading = read(predictor, **given)
    answer, figure = reading.said, reading.figure
    assert answer["used"] == []
    assert answer["reason"]["key"] == "answer.nothing"
    assert set(answer["ignored"]) == set(given)
    assert figure["steps"] == []


def test_stages_are_timed(predictor):
    answer = read(predictor, text="seven", image=DIGITS / "seven.jpg", audio=DIGITS / "seven.flac").said
    assert set(answer["milliseconds"]) == {"text", "image", "audio", "stems", "lstm", "alone", "explanation", "drawing"}
    assert answer["milliseconds"]["image"] > 0.1  # read here, not in predict


def test_what_was_seen_of_a_picture():
    picture = read_image(DIGITS / "four.jpg")
    seen = SENSES["image"].preview(picture)
    left, top, right, bottom = seen["box"]
    assert 0 <= left < right <= 1
    assert 0 <= top < bottom <= 1
    assert np.shape(seen["pixels"]) == (28, 28)
    head, _, data = seen["photo"].partition(",")
    assert head == "data:image/jpeg;base64"
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (480, 360)  # of 640 x 480


def test_what_was_seen_of_a_sound():
    samples = np.zeros(16_000, np.float32)
    samples[8_000:8_100] = 0.5
    sound = read_audio((16_000, samples))
    seen = SENSES["audio"].preview(sound)
    assert len(seen["peaks"]) == PEAKS
    assert seen["peaks"][PEAKS // 2] == max(seen["peaks"]) == 100
    assert seen["peaks"][0] <= 1
    assert seen["seconds"] == 1.0


def test_another_candidate_is_read(predictor):
    halves = [np.asarray(Image.open(DIGITS / f"{name}.jpg").resize((400, 300))) for name in ("seven", "four")]
    both = np.concatenate(halves, axis=1)
    first = read(predictor, image=both).said["saw"]["image"]
    assert len(first["candidates"]) > 1 and first["box"] == first["candidates"][first["taken"]]
    other = next(k for k, box in enumerate(first["candidates"]) if (box[0] > 0.5) != (first["box"][0] > 0.5))
    second = read(predictor, image=both, candidate=other).said["saw"]["image"]
    assert second["box"] == first["candidates"][other] and second["taken"] == other
    assert second["candidates"] == first["candidates"]


def test_a_clicked_candidate_is_read_and_a_new_picture_forgets_it(checkpoints, monkeypatch):
    handlers, seven = echo(Handlers(Tasks(checkpoints)), monkeypatch), (*Given({"text": "seven"}).values(), "digits")
    chosen, *shown = handlers.choose_candidate(gr.EventData(None, {"candidate": 2}), *seven)
    assert (chosen, shown[2].candidate, shown[2].sources["text"]) == (2, 2, "seven")
    for wrong in (-1, 99, "1", True, None):
        with pytest.raises(gr.Error):
            handlers.choose_candidate(gr.EventData(None, {"candidate": wrong}), *seven)
    for wrong in ({}, None, [1]):
        with pytest.raises(gr.Error):
            handlers.choose_candidate(gr.EventData(None, wrong), *seven)
    chosen, *shown = handlers.run_anew(*seven)
    assert (chosen, shown[2].candidate) == (None, None)
    assert handlers.run_anew(*Given().values(), "digits") == (None, *[gr.skip()] * 4)


def test_a_sound_that_was_moved_stays_so_until_there_is_another_video(checkpoints, monkeypatch):
    tasks = Tasks(checkpoints)
    monkeypatch.setattr(tasks, "senses", lambda name: ("video",))
    monkeypatch.setattr(tasks, "example_names", lambda name: ["speaks"])
    handlers, more = Handlers(tasks), []
    monkeypatch.setattr(handlers, "read", lambda given, **said: more.append(said) or ("", "", given, None))
    speaks = (*Given({"text": "seven", "video": "speaks.webm"}).values(), "digits")
    for asked, said in (("speaks", {"moved": "speaks"}), ("a stranger's", {}), (7, {})):
        chosen, *shown = handlers.choose_candidate(gr.EventData(None, {"candidate": 12, "moved": asked}), *speaks)
        assert (chosen, shown[2].candidate, more[-1]) == (12, 12, said)
    assert handlers.run_again(*speaks, 12)[2].candidate == 12  # a switch, say
    for anew in (handlers.run_anew, handlers.run_for_task):
        chosen, *shown = anew(*speaks)
        assert (chosen, shown[2].candidate) == (None, None)
        assert shown[2].sources == {"video": "speaks.webm"}  # the words belong to another task


def test_a_task_that_finds_nothing_to_read_shows_an_empty_page(checkpoints, monkeypatch):
    tasks = Tasks(checkpoints)
    handlers, words = echo(Handlers(tasks), monkeypatch), (*Given({"text": "seven"}).values(), "digits")
    assert handlers.run_for_task(*words)[3].sources["text"] == "seven"
    monkeypatch.setattr(tasks, "senses", lambda name: ("video",))
    assert handlers.run_for_task(*words) == (None,) * 5
    assert handlers.run_anew(*words) == (None, *[gr.skip()] * 4)


def test_packed_values_cannot_be_taken_for_markup():
    value = {"token": "</script><img src=x onerror=alert(1)>"}
    assert "<" not in parts.packed(value)
    assert json.loads(parts.packed(value)) == value


def test_one_run_is_small_on_the_wire(predictor):
    long = "three, no wait, five, " * 14
    sound = np.tile(sf.read(DIGITS / "nine.flac", dtype="float32")[0], 5)
    reading = read(predictor, text=long, image=DIGITS / "seven.jpg", audio=(16_000, sound))
    answer, figure = reading.said, reading.figure
    assert len(figure["steps"]) > 80  # as many words as it reads, a picture, a long sound
    answer["saw"]["image"].pop("photo")
    assert len(parts.packed(answer)) + len(parts.packed(figure)) < 250 * 1024


# What the server answers


def test_predict_reads_words(client):
    answer = client.predict("seven", api_name="/predict")
    assert answer["used"] == ["text"]
    assert answer["label"] in answer["probabilities"]
    assert sum(answer["probabilities"].values()) == pytest.approx(1)


def test_predict_reads_all_three(client):
    answer = client.predict(
        "seven", handle_file(DIGITS / "seven.jpg"), handle_file(DIGITS / "seven.flac"), api_name="/predict"
    )
    assert answer["used"] == ["text", "image", "audio"]
    assert answer["device"]
    assert answer["milliseconds"]["image"] > 0


def test_predict_reads_for_any_task(client):
    assert set(client.predict("plum", task="fruit", api_name="/predict")["probabilities"]) == {"apple", "pear", "plum"}


def test_predict_reads_a_face(client):
    answer = client.predict("", handle_file(EMOTION / "smile.jpg"), task="emotion", api_name="/predict")
    assert answer["used"] == ["image"] and set(answer["probabilities"]) == set(FEELINGS)
    with_ink = client.predict("", handle_file(DIGITS / "seven.jpg"), task="emotion", api_name="/predict")
    assert with_ink["used"] == [] and with_ink["ignored"]["image"] == strings()["image.nothing_face"]


def test_a_face_fills_the_page(client):
    given = [*Given({"text": "so happy", "image": handle_file(EMOTION / "smile.jpg")}).values(), "emotion"]
    answer, figure, footer = map(json.loads, client.predict(*given, api_name="/run"))
    assert answer["task"] == footer["checkpoint"] == "emotion" and answer["labels"] == FEELINGS
    left, top, right, bottom = answer["saw"]["image"]["box"]
    assert left < 0.4 < right and top < 0.2 < bottom  # where her face is
    assert np.shape(answer["saw"]["image"]["pixels"]) == (48, 48)
    assert [step["modality"] for step in figure["steps"]].count("image") == 12


def test_predict_says_that_nothing_was_given(client):
    answer = client.predict(api_name="/predict")
    assert answer["level"] == "unclear"
    assert answer["reason"] == strings()["answer.nothing"]


def test_predict_refuses_kindly(client, tmp_path):
    (tmp_path / "not.png").write_text("this is no picture")
    with pytest.raises(AppError, match="not a picture that can be read"):
        client.predict("", handle_file(tmp_path / "not.png"), api_name="/predict")
    with pytest.raises(AppError, match="at most 2000"):
        client.predict("seven " * 400, api_name="/predict")
    answer = client.predict("seven", handle_file(tmp_path / "not.png"), api_name="/predict")
    assert answer["used"] == ["text"] and "not a picture that can be read" in answer["ignored"]["image"]


@pytest.mark.parametrize("task", ["../digits", "", "nothing", "fruit/../digits"])
def test_a_task_is_a_name_not_a_path(client, task):
    with pytest.raises(AppError):
        client.predict("seven", task=task, api_name="/predict")


def test_run_fills_the_page(client):
    answer, figure, footer = map(
        json.loads, client.predict(*Given({"text": "seven"}).values(), "digits", api_name="/run")
    )
    assert answer["saw"]["text"] == {"tokens": ["seven"]}
    assert figure["steps"][0]["text"] == "seven"
    assert footer["checkpoint"] == "digits"
    assert footer["device"]


def test_a_switch_leaves_an_input_out(client):
    given = Given({"text": "seven", "image": handle_file(DIGITS / "eight.jpg")}, used={"text": False})
    answer = json.loads(client.predict(*given.values(), "digits", api_name="/run")[0])
    assert answer["used"] == ["image"]
    assert "text" not in {**answer["saw"], **answer["ignored"]}


def test_a_live_session_gets_its_weights_and_steps(page_url):
    """As the page asks: over the queue, with what belongs to the event."""
    client = httpx.Client(base_url=page_url, timeout=60)
    config = client.get("/config").json()
    number, event = next((k, each) for k, each in enumerate(config["dependencies"]) if each["api_name"] == "live")
    photo = Image.open(DIGITS / "seven.jpg").resize((320, 240))
    file = io.BytesIO()
    photo.save(file, "JPEG")

    def ask(**question):
        body = {"data": [], "fn_index": event.get("id", number), "session_hash": "livetest", "event_data": question}
        assert client.post("/gradio_api/queue/join", json=body).status_code == 200
        with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": "livetest"}) as told:
            for line in told.iter_lines():
                message = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
                if message.get("msg") == "process_completed":
                    return json.loads(message["output"]["data"][0])

    weights = ask(ask="weights", task="digits", number=1)
    assert weights["number"] == 1 and not weights["url"].partition("file=")[2].startswith("/tmp")
    assert b"__metadata__" in client.get(f"/{weights['url']}").content[:20_000]
    words = ask(ask="words", task="digits", text="three, no", number=2)
    assert words["seen"] == ["three", ",", "no"] and words["steps"]["shape"] == "3, 100"
    picture = ask(ask="picture", task="digits", jpeg=base64.b64encode(file.getvalue()).decode(), number=3)
    assert picture["steps"]["shape"].endswith(", 100") and picture["square"]["dtype"] == "u1"
    assert ask(ask="picture", task="digits", jpeg="AAAA", number=4)["refused"]["key"] == "live.picture"


def test_files_that_are_served(page_url):
    def served(path):
        return httpx.get(f"{page_url}/{places().hide(parts.address(path).encode()).decode()}")

    for script in (built(), parts.PLOTLY):
        answer = served(script)
        assert answer.content == script.read_bytes()
        assert answer.headers["content-encoding"] in ("br", "gzip")
        assert answer.headers["content-type"].partition(";")[0] in ("text/javascript", "application/javascript")
    for file in (ENTRY, Path(parts.__file__)):  # the entry's text is in the one file
        assert served(file).status_code == 404


def test_the_document_is_compressed_and_a_link_to_it_shows_what_it_is(page_url):
    answer = httpx.get(page_url, headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    tags = dict(re.findall(r'<meta (?:property|name)="((?:og|twitter):[^"]+)" content="([^"]*)">', answer.text))
    assert tags["og:title"] == tags["twitter:title"] == "Watch one LSTM read, look and listen"
    assert tags["og:url"].rstrip("/") == page_url and "Gradio" not in "".join(tags.values())
    assert httpx.get(tags["og:image"]).headers["content-type"] == "image/png"
    assert len(re.findall("og:title", answer.text)) == 1
    assert "content-encoding" not in httpx.get(page_url, headers={"accept-encoding": "identity"}).headers


def test_what_a_visitor_is_answered_is_not_compressed(page_url):
    """Its length could tell what is in it, beside words of somebody else's."""
    asked = httpx.post(f"{page_url}/gradio_api/call/predict", json={"data": ["seven"]})
    told = httpx.get(f"{page_url}/gradio_api/call/predict/{asked.json()['event_id']}", timeout=60)
    assert "seven" in told.text
    assert all("content-encoding" not in answer.headers for answer in (asked, told))


def test_a_switch_with_nothing_given_changes_nothing(checkpoints, monkeypatch):
    handlers = echo(Handlers(Tasks(checkpoints)), monkeypatch)
    off = {"audio": False}
    assert handlers.run_again(*Given(used=off).values(), "digits", None) == gr.skip()
    given = handlers.run_again(*Given({"text": "seven"}, used=off).values(), "digits", None)[2]
    assert given.used == {"text": True, "image": True, "audio": False, "video": True}


def test_a_broken_checkpoint_does_not_keep_the_others_cold(checkpoints, tmp_path, caplog):
    (tmp_path / "a_broken_one").mkdir()
    (tmp_path / "a_broken_one" / "config.json").write_text("{}")
    shutil.copytree(checkpoints / "fruit", tmp_path / "fruit")
    tasks = Tasks(tmp_path)
    health = Health(tmp_path, tasks.names)
    warm_up(tasks, health)
    assert (health.answered, set(tasks.broken), health.ready) == ({"fruit"}, {"a_broken_one"}, True)
    assert list(tasks._predictors) == ["fruit"]
    assert "a_broken_one" in caplog.text


def test_notes_travel_as_keys_and_values(predictor):
    (note,) = read(predictor, text="word " * 200).said["notes"]
    assert note["key"] == "text.left_out"
    assert Note(**note).say("zh") != Note(**note).say("en")


# Noise


def test_noise_worsens_what_is_read(predictor):
    given = {"text": "seven", "image": DIGITS / "seven.jpg", "audio": DIGITS / "seven.flac"}
    clean = read(predictor, **given).said["saw"]
    assert read(predictor, noise=Noise(), **given).said["saw"] == clean
    worse = read(predictor, noise=Noise(1, 0.5, 0.5, 5), **given).said["saw"]
    assert worse["text"]["tokens"] != ["seven"]
    assert worse["image"]["photo"] != clean["image"]["photo"]
    assert worse["audio"]["peaks"] != clean["audio"]["peaks"]
    assert worse == read(predictor, noise=Noise(1, 0.5, 0.5, 5), **given).said["saw"]


@pytest.mark.parametrize(
    "wrong, said", [({"typing": -1}, "minimum"), ({"blur": 101}, "maximum"), ({"sound": 32}, "max")]
)
def test_noise_out_of_range_is_refused(client, wrong, said):
    def run(noise):
        return client.predict(*Given({"text": "seven"}, noise=noise).values(), "digits", api_name="/run")

    assert run({"typing": 1, "blur": 2, "darkness": 3, "sound": 4})
    with pytest.raises(AppError, match=said):
        run(wrong)
