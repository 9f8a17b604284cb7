"""The documentation holds together: links, figures, rooms, and the code in its notebook."""

import contextlib
import json
import re
from pathlib import Path

import pytest
import torch
from PIL import Image

from mmdemo.data.tasks.registry import TASKS
from tools import make_media
from tools.fill_docs import generated, measured

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MAP = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
WALKS = re.findall(r"^### (A recording|A word)[^\n]*\n(.*?)(?=^##)", MAP, re.S | re.M)
PATH = r"`((?:mmdemo|tests|tools|docs|assets|checkpoints|examples)/[\w./-]+)`"
NOTEBOOK = ROOT / "docs" / "notebooks" / "your-own-lstm.ipynb"


def headings(page):
    """The anchors that GitHub and the hub give a page's headings."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
    titles = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+:", link):
            continue
        file, _, heading = link.partition("#")
        target = page.parent / file if file else page
        assert target.exists(), f"{page.name} links to {link}, which is not there"
        assert not heading or heading in headings(target), f"{page.name} links to {link}, a heading that is not there"


def test_every_page_can_be_found_from_the_readme():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for page in [*PAGES[1:], NOTEBOOK]:
        assert f"({page.relative_to(ROOT).as_posix()}" in text, f"nothing in README.md leads to {page.name}"


@pytest.mark.parametrize("file", generated())
def test_the_figures_are_those_that_the_commands_wrote(file):
    text = (ROOT / file).read_text(encoding="utf-8")
    for name, body in generated()[file].items():
        assert f"<!-- {name} -->\n{body}\n<!-- /{name} -->" in text, f"{file}: run python tools/fill_docs.py"


@pytest.mark.parametrize("task", measured())
def test_a_model_card_says_what_its_template_says(task):
    card = (ROOT / "checkpoints" / task / "README.md").read_text(encoding="utf-8")
    empty = re.sub("(<!-- figures -->).*(\n<!-- /figures -->)", r"\1\2", card, flags=re.S)
    assert empty == TASKS[task].card.read_text(encoding="utf-8")


def test_tables_of_figures_are_in_their_places_only():
    marks = {page.relative_to(ROOT).as_posix(): re.findall(r"<!-- (\w+) -->", page.read_text()) for page in PAGES}
    assert {file: names for file, names in marks.items() if names} == {f: list(p) for f, p in generated().items()}


def test_the_map_names_every_room():
    rows = MAP[: MAP.index("## Two walks")]
    folders = [path for path in (ROOT / "mmdemo").rglob("*") if path.is_dir() and list(path.glob("*.*"))]
    rooms = {path.relative_to(ROOT / "mmdemo").as_posix() for path in folders}
    rooms = {room for room in rooms if room.split("/")[0] not in ("strings", "web", "__pycache__")}
    rooms = {room for room in rooms if not room.endswith(("__pycache__", "cards"))} - {"data"} | {"web"}
    assert len(rooms) > 12
    for room in rooms:
        assert f"`{room}/`" in rows, room
    for module in {path.stem for path in (ROOT / "mmdemo").glob("*.py")} - {"__init__", "__main__", "cli"}:
        assert f"`{module}`" in rows, module
    assert "`cli.py`" in rows


def test_there_are_two_walks():
    assert len(WALKS) == 2


@pytest.mark.parametrize("walk", [steps for _, steps in WALKS], ids=[name for name, _ in WALKS])
def test_a_walk_has_eight_rooms_at_most_and_none_twice(walk):
    steps = re.findall(r"^\d+\. \*\*`([\w/]+)/`\*\*(.*?)(?=^\d+\. |\Z)", walk, re.S | re.M)
    rooms = [room for room, _ in steps]
    assert 4 < len(rooms) <= 8
    assert len(set(rooms)) == len(rooms)
    for room, told in steps:
        files = re.findall(r"`([\w/]+\.(?:py|js))`", told)
        assert files, f"{room}: no file is named"
        for file in files:
            assert (ROOT / "mmdemo" / room / file).is_file(), f"there is no {file} in {room}/"


def test_every_file_that_a_page_names_is_there():
    for page in PAGES:
        for path in re.findall(
            r"`((?:mmdemo|tests|tools|docs|assets|checkpoints|examples)/[\w./-]+)`", page.read_text()
        ):
            made = path.startswith("checkpoints/pets") or path == "mmdemo/video/"
            assert made or (ROOT / path).exists(), f"{page.name} names {path}, which is not there"


def test_the_notebook_runs_and_keeps_no_output(tmp_path, monkeypatch):
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    names = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None
            with contextlib.redirect_stdout(None):
                exec(compile("".join(cell["source"]), NOTEBOOK.name, "exec"), names)
    assert names["figure"].data, "the notebook draws nothing"


def test_the_pictures_show_the_page_as_it_is():
    kept = json.loads(make_media.RECORD.read_text(encoding="utf-8"))
    assert kept["shows"] == make_media.shown(), "the pictures are older than the page: run python tools/make_media.py"


def test_the_pictures_are_small_and_one_moves():
    with Image.open(make_media.PAGE) as page, Image.open(make_media.MOVIE) as movie:
        assert not getattr(page, "is_animated", False) and movie.n_frames > 6
    assert make_media.PAGE.stat().st_size < 1_000_000
    assert make_media.MOVIE.stat().st_size < 2_000_000
