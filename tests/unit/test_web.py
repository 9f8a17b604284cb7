"""The folders of ``mmdemo/web``: who may import whom, what is served, and the one way to explain something."""

import re
import subprocess
from pathlib import Path
from shutil import which

import plotly
import pytest

from mmdemo.app import parts
from mmdemo.app.web import EARLY, ENTRY, LISTENER, LIVE, REPORT, STYLES, SUPPORT, WEB, built, bundle, imported, needed

MAY_IMPORT = {  # folder -> the others that its modules may import
    "core": set(),
    "drawing": {"core"},
    "inspect": {"core", "drawing"},
    "how": {"core", "drawing"},
    "evaluate": {"core"},
    "live": set(),
    "watch": {"core", "drawing", "inspect", "live"},
    "page": {"core", "drawing", "inspect", "how", "evaluate", "live", "watch"},
}
MODULES = sorted(set(WEB.rglob("*.js")) - {EARLY, SUPPORT})
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
    """What ``imported`` overlooks would be missing from the one file that the page and a report have."""
    found = imported(module)
    assert len(found) == len(STATEMENT.findall(module.read_text(encoding="utf-8")))
    assert all(other in MODULES for other in found)


def test_no_module_is_left_over():
    assert {*needed(ENTRY), *needed(REPORT), *needed(LIVE), *needed(LISTENER)} == set(MODULES)


def test_the_page_imports_one_file():
    assert f"import(new URL('{parts.address(built())}'" in parts.head()
    assert parts.served() == [built(), built(LIVE), built(LISTENER), parts.PLOTLY, parts.PICTURE, parts.RECORDING]
    assert built().read_text(encoding="utf-8") == bundle(ENTRY)
    assert built(LIVE).read_text(encoding="utf-8") == bundle(LIVE)


def test_in_one_file_modules_keep_their_names_and_come_after_what_they_import(tmp_path):
    (tmp_path / "a.js").write_text(
        'import { twice as double } from "./b.js";\nimport * as b from "./b.js";\n'
        "const own = 1;\nexport const three = double(own) + own;\nexport const same = b.twice;\n"
    )
    (tmp_path / "b.js").write_text(
        'export { four } from "./c.js";\nconst own = 2;\nexport function twice(x) {\n  return own * x;\n}\n'
    )
    (tmp_path / "c.js").write_text("export const four = 4;\n")
    text = bundle(tmp_path / "a.js")
    assert "import" not in text and text.index("four = 4") < text.index("function twice") < text.index("three =")
    node = which("node")
    if node is None:
        pytest.skip("needs Node, which is not installed")
    (tmp_path / "all.mjs").write_text(f"{text}\nconsole.log(three, same(5));")
    done = subprocess.run([node, str(tmp_path / "all.mjs")], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["3", "10"], done.stderr


def test_a_report_asks_for_nothing():
    assert not re.search(r"(?m)^(?:import|export)\b.*\bfrom|\bimport\(", bundle(REPORT))


def test_our_plotly_is_the_one_that_the_package_makes_figures_for():
    whole = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    version = re.compile(r"plotly\.js (?:\(cartesian - minified\) )?v([\d.]+)")
    ours, theirs = (version.search(path.read_text(encoding="utf-8")[:200])[1] for path in (parts.PLOTLY, whole))
    assert ours == theirs, "take assets/plotly-cartesian.min.js from the npm package of that version: assets/README.md"
    assert parts.PLOTLY.stat().st_size < whole.stat().st_size / 3


def test_all_style_sheets_are_on_the_page_once():
    assert sorted(STYLES) == sorted(WEB.rglob("*.css"))


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
