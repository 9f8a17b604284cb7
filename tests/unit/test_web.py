"""The folders of ``mmdemo/web``: who may import whom, what is served, and the one way to explain something."""

import base64
import json
import re
from pathlib import Path

import pytest

from mmdemo.app import parts, report
from mmdemo.app.web import ENTRY, REPORT, STYLES, SUPPORT, WEB, imported, needed

MAY_IMPORT = {  # folder -> the others that its modules may import
    "core": set(),
    "drawing": {"core"},
    "inspect": {"core", "drawing"},
    "how": {"core"},
    "evaluate": {"core"},
    "page": {"core", "drawing", "inspect", "how", "evaluate"},
}
MODULES = sorted(set(WEB.rglob("*.js")) - {SUPPORT})
STATEMENT = re.compile(r"(?m)^(?:import|export)\b[^;]*?\bfrom\s|^import\s+[\"']|\bimport\(")


def name(path: Path) -> str:
    return path.relative_to(WEB).as_posix()


def against_the_table(arrows: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Of arrows between modules (by name, ``folder/module.js``), those that the table does not allow."""
    folder = {each: each.partition("/")[0] for each in {*arrows, *(one for ones in arrows.values() for one in ones)}}
    return [
        (module, other)
        for module, others in arrows.items()
        for other in others
        if folder[other] not in MAY_IMPORT[folder[module]] | {folder[module]}
    ]


def circle(arrows: dict[str, list[str]]) -> list[str]:
    """Modules that import one another in a circle, the first of them twice; [] where there is none."""
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        found = next(filter(None, (visit(other, [*path, module]) for other in arrows[module])), [])
        done.add(module)
        return found

    return next(filter(None, (visit(module, []) for module in arrows)), [])


@pytest.fixture(scope="module")
def arrows():
    return {name(module): [name(other) for other in imported(module)] for module in MODULES}


def test_every_folder_is_in_the_table_and_explained():
    assert {path.name for path in WEB.iterdir() if path.is_dir()} == set(MAY_IMPORT)
    assert [path.name for path in WEB.iterdir() if path.is_file()] == ["README.md"]
    index = (WEB / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"(?m)^\| `(\w+)/`", index)) == set(MAY_IMPORT)


def test_arrows_point_one_way(arrows):
    assert against_the_table(arrows) == []
    assert circle(arrows) == []


def test_an_arrow_that_points_back_and_a_circle_are_found():
    assert against_the_table({"core/a.js": ["drawing/b.js"], "drawing/b.js": []}) == [("core/a.js", "drawing/b.js")]
    assert against_the_table({"how/a.js": ["evaluate/b.js"], "evaluate/b.js": []}) == [("how/a.js", "evaluate/b.js")]
    assert circle({"core/a.js": ["core/b.js"], "core/b.js": ["core/c.js"], "core/c.js": ["core/b.js"]}) == [
        "core/b.js", "core/c.js", "core/b.js",
    ]  # fmt: skip


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_every_import_is_read_and_leads_to_a_module(module):
    """What ``imported`` overlooks would be missing from a report, and not preloaded on the page."""
    found = imported(module)
    assert len(found) == len(STATEMENT.findall(module.read_text(encoding="utf-8")))
    assert all(other in MODULES for other in found)


def test_no_module_is_left_over():
    assert {*needed(ENTRY), *needed(REPORT)} == set(MODULES)


def test_the_page_preloads_what_it_imports_and_nothing_else():
    preloaded = re.findall(r'<link rel="modulepreload" href="([^"]+)">', parts.head())
    assert preloaded == [parts.address(module) for module in needed(ENTRY)]
    assert f"import(new URL('{parts.address(ENTRY)}'" in parts.head()
    assert set(parts.SERVED) == {*needed(ENTRY), parts.PLOTLY}


def test_all_style_sheets_are_on_the_page_once():
    assert sorted(STYLES) == sorted(WEB.rglob("*.css"))


def test_a_report_holds_every_module_under_the_name_that_others_import():
    modules = {key: base64.b64decode(url.partition(",")[2]).decode() for key, url in report._modules().items()}
    assert set(modules) == {f"mmdemo/{name(module)}" for module in needed(REPORT)}
    for source in modules.values():
        assert set(re.findall(r'(?m)^(?:import|export)\b.*\bfrom "([^"]+)";', source)) <= set(modules)
    assert report._name(REPORT) in modules
    json.dumps(modules)


def test_there_is_one_tooltip():
    """What explains itself is made in tooltip.js; a ``title`` only repeats a name, or is the document's."""
    for module in MODULES:
        source = module.read_text(encoding="utf-8")
        if module != WEB / "core/tooltip.js":
            assert not re.search(r"dataset\.about\b|data-about|tooltip\"|mm-term[\"`]", source), name(module)
        assert re.findall(r"(\w+)\.title = ", source) in ([], ["document"]), name(module)
    for style in STYLES:
        if style != WEB / "core/tooltip.css":
            assert not re.search(r"(?m)^\S*tip\b.*\{|cursor: help", style.read_text(encoding="utf-8")), name(style)
