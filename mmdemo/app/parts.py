"""The parts of the page that are our own: static templates, filled in the browser from JSON.

Nothing that a person gives is ever put into a template (Gradio evaluates what a template yields as code): a part's
value is a JSON string, and its function in ``web/page/page.js``, which ``entry.js`` calls, makes the elements and
writes words into them as text.

They are functions, not subclasses of ``gr.HTML``: Gradio writes a stub beside every module that subclasses a component.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr

from mmdemo.app.web import EARLY, LISTENER, LIVE, SUPPORT, built, styles
from mmdemo.messages import LANGUAGES, STRINGS, strings
from mmdemo.resources import ASSETS
from mmdemo.server.gradio_compat import API, send_as_it_is, set_example, set_preprocess
from mmdemo.text.reader import MAX_CHARACTERS

PLOTLY = ASSETS / "plotly-cartesian.min.js"  # as much of Plotly as the drawing needs, of the version plotly is made for
PICTURE = ASSETS / "page.png"
RECORDING = ASSETS / "session.flac"  # that a live session plays where there is no microphone
PREFACE = (
    ".mm-preface{margin:20vh auto;padding:0 24px;max-width:560px;font:18px/1.6 system-ui,sans-serif}"
    ".mm-too-old{display:none}.mm-old .mm-too-old{display:block}"
    ".mm-old gradio-app,.mm-old main{display:none!important}"
)


def served() -> list[Path]:
    """The files that the page fetches, and the picture of it."""
    return [built(), built(LIVE), built(LISTENER), PLOTLY, PICTURE, RECORDING]


def packed(value: Any) -> str:
    """JSON for a part's value, with no ``<`` in it, so that nothing can take it for markup."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def address(path: Path) -> str:
    """Where a served file is found, relative to the page, so that the page may be mounted anywhere."""
    return f"{API.removeprefix('/')}file={quote(path.as_posix())}"


def words(task: str | None = None) -> str:
    """All languages' words, as their files have them, in an element that ``core/words.js`` reads, and the first task.

    They come with the document, so that no module waits for them: in WebKit not all who import such a one wake up.
    """
    trees = {code: json.loads((STRINGS / f"{code}.json").read_text(encoding="utf-8")) for code in LANGUAGES}
    of = f' data-task="{html.escape(task)}"' if task else ""
    return f'<script type="application/json" id="mm-words"{of}>{packed(trees)}</script>'


def head(task: str | None = None) -> str:
    """The look of the page, its words as they are said of the first task, and its modules, which are one file.

    They stand in the document itself: as Gradio's ``head`` they would come by way of its script and its settings, which
    it takes apart three times over before it shows anything.
    """
    looks = [f"<style>{text}</style>" for text in styles()]
    return "".join([*looks, words(task), f"<script>{_start()}</script>"])


def _start() -> str:
    """Import the entry, once; where that fails (a broken connection, say) the sentence that says so is here."""
    said = packed({code: strings(code)["page.unloaded"] for code in LANGUAGES})
    return (
        f"window.mmdemo = import(new URL('{address(built())}', document.baseURI)); "
        "window.mmdemo.catch((error) => { console.error('The page could not be loaded:', error); "
        f"const said = {said}; "
        "document.body.prepend(Object.assign(document.createElement('p'), { className: 'mm-failed', role: 'alert', "
        "textContent: said[navigator.language.slice(0, 2)] ?? said.en })); });"
    )


def preface() -> str:
    """What the document itself says where the page cannot run: without JavaScript, or in a browser too old for it.

    In all languages, since nothing is there that could choose one.
    """
    said = {key: [(code, strings(code)[f"page.{key}"]) for code in LANGUAGES] for key in ("noscript", "too_old")}
    lines = {
        key: "".join(f'<p lang="{code}">{html.escape(words)}</p>' for code, words in each) for key, each in said.items()
    }
    return (
        f'<style>{PREFACE}</style><noscript><div class="mm-preface">{lines["noscript"]}</div></noscript>'
        f'<div class="mm-preface mm-too-old">{lines["too_old"]}</div>'
        f"<script>{SUPPORT.read_text(encoding='utf-8')}</script>"
    )


def early() -> str:
    """What keeps keys and clicks until the page can answer them; in the document, before Gradio and all of ours."""
    return f"<script>{EARLY.read_text(encoding='utf-8')}</script>"


def preview() -> dict[str, str]:
    """What a link to the page shows elsewhere: title, description and picture."""
    words = strings("en")
    return {"title": words["page.title"], "description": words["page.description"], "image": address(PICTURE)}


def part(function: str, template: str, value: Any = None, **settings: Any) -> gr.HTML:
    """A static template and the function of ``page/page.js`` that brings it to life.

    The function gets the element, the component's ``props`` (``props.value`` is the JSON), ``watch(name, callback)``,
    and ``tell(data)`` and ``choose(data)``, which raise the events ``told`` and ``chosen``.
    """
    return gr.HTML(
        None if value is None else packed(value),
        html_template=template,
        js_on_load=(
            f"window.mmdemo.then(({{live}}) => live('{function}', {{element, props, watch, "
            "tell: (data) => trigger('told', data), choose: (data) => trigger('chosen', data)}), () => {})"
        ),
        apply_default_css=False,
        **settings,
    )


def title() -> gr.HTML:
    """What the page is, in one line, after a way past the inputs for those who walk with keys."""
    template = '<a class="mm-skip" href="#drawing" data-key="page.skip"></a><h1 data-key="page.title"></h1>'
    return part("title", template, elem_id="title")


def switches(senses: Mapping[str, Sequence[str]]) -> gr.HTML:
    """What each task reads, which decides about the inputs; other views, presenter's mode, language, light or dark."""
    template = (
        '<a class="mm-link mm-go-live" href="#live" data-view="live" data-key="live.open"></a>'
        '<a class="mm-link" href="#how" data-view="how" data-key="how.open"></a>'
        '<a class="mm-link" href="#evaluate" data-view="evaluate" data-key="evaluate.open"></a>'
        '<button type="button" class="mm-present" data-key="present.button"></button>'
        '<div class="mm-segments" role="group" data-key-label="page.language"></div>'
        '<button type="button" class="mm-theme" data-key-label="page.theme"><span aria-hidden="true"></span></button>'
    )
    return part("switches", template, senses, elem_id="switches")


def give(modality: str) -> gr.HTML:
    """The buttons that open an input of Gradio's, and what was given to it, in small."""
    return part("give", '<div class="mm-give"></div>', modality, elem_id=f"give-{modality}")


def harder() -> gr.HTML:
    """A button that opens the sliders of noise."""
    template = '<button type="button" class="mm-chipped" aria-controls="harder-drawer" data-key="noise.open"></button>'
    return part("harder", template, elem_id="harder")


def help_line(modality: str) -> gr.HTML:
    """How to use an input, and what to do if the camera or the microphone does not work."""
    return part("help", "<p></p>", modality, elem_id=f"help-{modality}", elem_classes="mm-help")


def words_input(text: str = "") -> gr.Textbox:
    """Gradio's text input; Enter reads what is in it, and Shift+Enter begins a line, which takes ``lines=1``."""
    return gr.Textbox(
        text,
        label="Words",
        show_label=False,
        lines=1,
        max_lines=2,
        max_length=MAX_CHARACTERS,
        container=False,
        elem_id="text",
    )


def picture_input() -> gr.Image:
    """Gradio's picture input, which hands over the file as it came: our reader opens it, or says why it cannot."""
    image = gr.Image(
        label="Picture",
        show_label=False,
        type="filepath",
        image_mode=None,
        format="png",  # of what we put into it: a test case keeps its pixels
        sources=["webcam", "upload"],
        webcam_options=gr.WebcamOptions(mirror=False),
        buttons=[],
        elem_id="image",
    )
    set_preprocess(image, lambda payload: payload and as_it_came(payload.model_dump()))
    set_example(image, lambda: _file_named("photo.jpg"))
    return image


def as_it_came(file: dict[str, Any]) -> str | bytes:
    """The file's path; of a ``data:`` URL, as the API may send it, its bytes, which need no file."""
    if path := file.get("path"):
        return path
    return base64.b64decode((file.get("url") or "").partition(",")[2])  # whatever it is: our reader judges it


def sound_input() -> gr.Audio:
    """Gradio's sound input; a path, since Gradio needs ffmpeg to decode what our reader decodes without."""
    audio = gr.Audio(
        label="Sound",
        show_label=False,
        type="filepath",
        sources=["microphone", "upload"],
        waveform_options=gr.WaveformOptions("#7fa899", "#00805d", sample_rate=16_000),
        buttons=[],
        elem_id="audio",
    )
    set_example(audio, lambda: _file_named("voice.wav"))
    return audio


def video_input() -> gr.Video:
    """Gradio's video input: small pictures and few, which a browser records without losing any; the file as it came."""
    wanted = {"width": {"ideal": 640}, "height": {"ideal": 480}, "frameRate": {"ideal": 25, "max": 30}}
    video = gr.Video(
        label="Video",
        show_label=False,
        sources=["webcam", "upload"],
        include_audio=True,
        webcam_options=gr.WebcamOptions(mirror=False, constraints={"video": wanted, "audio": True}),
        buttons=[],
        elem_id="video",
    )
    set_preprocess(video, lambda payload: payload and as_it_came(payload.model_dump()))
    send_as_it_is(video)
    set_example(video, lambda: _file_named("speaking.webm"))
    return video


def _file_named(name: str) -> dict[str, Any]:
    """What the description of the API shows for a file of the caller's."""
    return {"path": name, "meta": {"_type": "gradio.FileData"}}


def use_switch(modality: str, label: str) -> gr.Checkbox:
    """Whether an input is read; what was given stays where it is."""
    return gr.Checkbox(True, label=label, container=False, elem_id=f"use-{modality}", elem_classes="mm-use")


def noise_slider(name: str, label: str, modality: str, maximum: int = 100) -> gr.Slider:
    """How much worse an input is made before it is read: nothing at 0."""
    return gr.Slider(
        0,
        maximum,
        0,
        step=1,
        precision=0,
        label=label,
        elem_id=f"noise-{name}",
        elem_classes=["mm-noise", f"mm-of-{modality}"],
    )


def examples(names: list[str]) -> gr.HTML:
    """Chips that fill the inputs and show the result at one click."""
    template = '<span data-key="page.try" id="mm-try"></span><div role="group" aria-labelledby="mm-try"></div>'
    return part("examples", template, names, elem_id="examples")


def answer(said: dict[str, Any] | None = None) -> gr.HTML:
    """What was decided, why it may be wrong, and what the model saw; the answer alone is read out."""
    template = (
        '<h2 class="mm-spoken" data-key="page.decided"></h2><p class="mm-spoken" role="status"></p>'
        '<div class="mm-card mm-answer"></div>'
    )
    return part("answer", template, said, elem_id="answer")


def drawing(figure: dict[str, Any] | None = None) -> gr.HTML:
    """How it was read: what ``figure.drawing`` returns, drawn by ``drawing.js``, and under it what a click opens."""
    template = (
        f'<h2 class="mm-spoken" data-key="page.how_read"></h2><div class="mm-card" data-plotly="{address(PLOTLY)}">'
        '<div class="mm-frame"></div><div class="mm-below"></div><div class="mm-inspect"></div></div>'
    )
    return part("drawing", template, figure, elem_id="drawing")


def replies() -> gr.HTML:
    """What the drawing and the evaluation asked for, on its way back to them; nothing to see."""
    return part("replies", "", elem_id="replies", visible="hidden")


def tour() -> gr.HTML:
    """A button that runs an example and leads through what can be seen of it."""
    return part("tour", '<button type="button" class="mm-chipped" data-key="tour.take"></button>', elem_id="tour")


def compare() -> gr.HTML:
    """What was kept of an earlier result, and how the one on the page differs from it."""
    return part("compare", "", elem_id="compare")


def take() -> gr.HTML:
    """Files of the result, and a link to it."""
    return part("take", '<div role="group" data-key-label="take.label"></div>', elem_id="take")


def live() -> gr.HTML:
    """A live session: another view of the page, with the addresses of its threads' files and of what it plays."""
    files = {"worker": built(LIVE), "listener": built(LISTENER), "recording": RECORDING}
    data = " ".join(f'data-{name}="{address(path)}"' for name, path in files.items())
    return part("live", f'<div class="mmw" {data}></div>', elem_id="live")


def how() -> gr.HTML:
    """How it works: another view of the page, which is made when it is first opened."""
    return part("how", "", elem_id="how")


def evaluation(task: str | None) -> gr.HTML:
    """How good it is: another view of the page, which is made when it is first opened; of one task at a time."""
    return part("evaluation", "", task, elem_id="evaluate")


def footer() -> gr.HTML:
    """Where and how fast it ran, and what becomes of what was given."""
    return part("footer", "<footer></footer>", elem_id="footer")
