"""What the page's events do."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import gradio as gr

from mmdemo import __version__
from mmdemo.app import figures, live, opening, questions
from mmdemo.app.given import SLIDERS, Given
from mmdemo.app.parts import packed
from mmdemo.app.reading import Reading, read, said
from mmdemo.app.tasks import Tasks
from mmdemo.image.reader import KEPT as KEPT_CANDIDATES
from mmdemo.messages import InputError
from mmdemo.server.gradio_compat import event_data
from mmdemo.text.reader import MAX_CHARACTERS
from mmdemo.video.modality import OFFSETS

MAX_LINK = 12 * MAX_CHARACTERS + 800  # characters; a character of the text is at most %F0%9F%98%80
Shown = tuple[str, str, str, Reading]  # the values of answer, drawing and footer, and what the session remembers


class Handlers:
    """One method for each event: from the values of its inputs to those of its outputs, as ``page.wire`` orders them.

    Args:
        tasks: what can be asked.
    """

    def __init__(self, tasks: Tasks) -> None:
        self.tasks = tasks
        self._examples: dict[tuple[str, str | None, str], Shown] = {}  # by task, its checkpoint's hash, and name
        self._wishes: dict[Any, object] = {}  # the newest of each session that is being fulfilled

    def newest(self, handler: Callable[..., Any]) -> Callable[..., Any]:
        """Let a handler change nothing if its visitor has wished for something else in the meantime.

        An example is there at once, and a sound takes its time: what was wished for first may be ready last.
        """
        takes_event = "event" in inspect.signature(handler).parameters

        def wished(event: gr.EventData, request: gr.Request, *values: Any) -> Any:
            wish = object()
            session = request.session_hash or wish  # a program may have none: then each run stands alone
            self._wishes[session] = wish
            try:
                result = handler(event, *values) if takes_event else handler(*values)
            finally:
                outrun = self._wishes.get(session) is not wish
                if not outrun:
                    del self._wishes[session]
            return gr.skip() if outrun else result

        return wished

    def read(self, given: Given, **more: str) -> Shown:
        """Read what was given and is switched on; ``more`` is said with the answer."""
        noise, task = given.noise_to_add(), given.task
        reading = read(self.tasks.predictor(task), noise=noise, candidate=given.candidate, **given.to_read())
        footer = {
            "milliseconds": reading.said["milliseconds"],
            "device": reading.said["device"],
            "checkpoint": task,
            "version": __version__,
            "hash": self.tasks.hash(task),
        }
        return packed({**reading.said, **more}), packed(reading.figure), packed(footer), reading

    def _given(self, *values: Any) -> Given:
        """What was given of all that its task reads; other inputs are hidden, and may hold something all the same."""
        given = Given.of(*values)
        senses = self.tasks.senses(given.task)
        return replace(given, sources={name: source for name, source in given.sources.items() if name in senses})

    def run(self, *values: Any) -> Shown:
        """Words were typed, or the button was pressed -> the result."""
        return self.read(Given.of(*values))

    def run_again(self, *values: Any) -> Any:
        """Anything but the words was changed -> the result, if there is anything to read."""
        given = self._given(*values)
        return gr.skip() if given.is_empty() else self.read(given)

    def run_anew(self, *values: Any) -> Any:
        """Another picture or video is there, or none any more -> no candidate is; the result, if there is any input."""
        given = self._given(*values)
        return None, *([gr.skip()] * 4 if given.is_empty() else self.read(given))

    def run_for_task(self, *values: Any) -> Any:
        """Another task was chosen -> no candidate is; the result, or none if nothing is there that the task reads."""
        given = self._given(*values)
        return None, *([None] * 4 if given.is_empty() else self.read(given))

    def choose_candidate(self, event: gr.EventData, *values: Any) -> Any:
        """Another candidate in the picture was clicked, or the sound was moved -> which, and the result.

        ``moved`` is the example whose sound it was: it goes back with the answer.
        """
        asked = event_data(event)
        chosen, moved = asked.get("candidate"), asked.get("moved")
        if type(chosen) is not int or not 0 <= chosen < max(KEPT_CANDIDATES, OFFSETS):  # it comes from a browser
            raise gr.Error("No such candidate.", print_exception=False)
        given = Given.of(*values, chosen)
        named = isinstance(moved, str) and moved in self.tasks.example_names(given.task)
        return chosen, *self.read(given, **({"moved": moved} if named else {}))

    def try_example(self, event: gr.EventData, task: str) -> tuple[Any, ...]:
        """An example was clicked -> what it fills in, no candidate, and the result, which is computed only once."""
        asked = event_data(event)
        given, shown = self.example(task, asked.get("name"))
        noise = asked.get("noise")  # of a link
        if isinstance(noise, dict) and noise.keys() & SLIDERS.keys():
            given = replace(given, noise=_noise(noise.get))
            shown = self.read(given, example=asked["name"])
        return *given.values(), None, *shown

    def example(self, task: str, name: Any) -> tuple[Given, Shown]:
        """What an example gives, and its result.

        Raises:
            gr.Error: there is no such example.
        """
        example = next((item for item in self.tasks.examples(task) if item.name == name), None)
        if example is None:
            raise gr.Error("No such example.", print_exception=False)
        given, key = example.given(task), (task, self.tasks.hash(task), example.name)
        shown = self._examples.get(key) or self.read(given, example=example.name)
        if shown[-1].result.used:  # it was refused where the machine had too much to do, and may be read next time
            self._examples[key] = shown
        return given, shown

    def try_case(self, event: gr.EventData) -> tuple[Any, ...]:
        """A test case was chosen -> its task and examples, what it fills in, no candidate, and the result."""
        try:
            given = figures.case(self.tasks, event_data(event))
        except InputError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return given.task, self.show_examples(given.task), *given.values(), None, *self.read(given)

    def open_link(self, link: str) -> Any:
        """The page was opened -> task, examples, evaluation, words, sliders of noise, and the result.

        Args:
            link: what follows the # of the address, which may be a stranger's: a task, and words or an example's name;
                and for each slider of noise that is not at 0, ``noise-NAME`` and where it is. An example is then
                asked for by the browser, see ``try_example``: it fills in files, too.
        """
        values = dict(parse_qsl(link)) if isinstance(link, str) and len(link) < MAX_LINK else {}
        text, task = values.get("text", ""), values.get("task")
        if task not in self.tasks.names or not ("example" in values or 0 < len(text) <= MAX_CHARACTERS):
            return gr.skip()
        chosen = (task, *self.choose_task(task))
        if "example" in values:
            return *chosen, *[gr.skip()] * (1 + len(SLIDERS) + 4)
        given = Given({"text": text}, noise=_noise(lambda slider: values.get(f"noise-{slider}")), task=task)
        return *chosen, text, *given.noise.values(), *self.read(given)

    def choose_task(self, task: str) -> tuple[str, str]:
        """A task was chosen -> its examples, and whose evaluation is shown."""
        return self.show_examples(task), packed(task)

    def show_examples(self, task: str) -> str:
        """The names of a task's examples, as the page's part takes them."""
        return packed(self.tasks.example_names(task))

    def answer_drawing(self, reading: Reading | None, task: str, event: gr.EventData) -> str:
        """The drawing asks about the last reading -> the answer, with the number that the question came with.

        Of the reading that the page opened with, nobody has the inside: it is read now.
        """
        question = event_data(event)
        if reading is None and question.get("opening") == opening.EXAMPLE and opening.TASK in self.tasks.names:
            *_, reading = self.example(opening.TASK, opening.EXAMPLE)[1]
        try:
            name = reading.result.task if reading else task
            if question.get("ask") == "findings":
                answer = figures.findings(self.tasks, name)
            else:
                answer = questions.reply(self.tasks.predictor(name), reading, question)
        except InputError as error:
            answer = {"refused": said(error.note)}
        return packed({"number": question.get("number"), **answer})

    def answer_evaluation(self, event: gr.EventData) -> str:
        """The evaluation asks about a checkpoint -> the answer, with the number that the question came with."""
        return self._answer(figures.reply, event)

    def answer_live(self, event: gr.EventData) -> str:
        """A live session asks for its weights, or for steps -> the answer, with the number of the question."""
        return self._answer(live.reply, event)

    def _answer(self, reply: Callable[[Tasks, dict[str, Any]], dict[str, Any]], event: gr.EventData) -> str:
        question = event_data(event)
        try:
            answer = reply(self.tasks, question)
        except InputError as error:
            answer = {"refused": said(error.note)}
        return packed({"number": question.get("number"), **answer})


def _noise(find: Callable[[str], Any]) -> dict[str, int]:
    """Where the sliders are, by what an address says of each in words: 0 for what is no whole number up to its end."""
    said = {slider: find(slider) for slider in SLIDERS}
    whole = {slider: int(words) for slider, words in said.items() if re.fullmatch(r"[0-9]{1,3}", str(words))}
    return {slider: whole[slider] if whole.get(slider, most + 1) <= most else 0 for slider, most in SLIDERS.items()}
