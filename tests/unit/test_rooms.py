"""The rooms of the package: which folder may import which, that all arrows point down, and that none makes a circle.

Imports are read from the source, those within functions and under ``TYPE_CHECKING`` included: an arrow that is drawn
late is an arrow all the same.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "mmdemo"

GROUND = {
    "config",
    "messages",
    "modality",
    "nursery",
    "seats",
    "worker_pool",
    "resources",
}  # modules that all rooms but lstm stand on
SENSES = {"text", "image", "audio", "video"}
DATA = ("data.sentences", "data.sources", "data.manifest", "data.synthetic", "data.tasks")
ROOMS: dict[str, set[str]] = {  # from the bottom to the top: each may import the ones named, all of them above it here
    "lstm": set(),
    "text": GROUND,
    "image": GROUND,
    "audio": GROUND,
    "video": GROUND | {"image", "audio"},  # finds a face as pictures do, and hears as sounds do
    "model": GROUND | SENSES,
    "data.sentences": GROUND | SENSES,
    "data.sources": GROUND | SENSES | set(DATA[:1]),
    "data.manifest": GROUND | SENSES | set(DATA[:2]),
    "data.synthetic": GROUND | SENSES | set(DATA[:3]),
    "data.tasks": GROUND | SENSES | set(DATA[:4]),
    "train": GROUND | SENSES | {"model", *DATA},
    "inference": GROUND | SENSES | {"lstm", "model", "data.manifest"},
    "evaluate": GROUND | SENSES | {"lstm", "model", *DATA, "train", "inference"},
    "server": GROUND
    | {"image", "audio", "model", "inference"},  # what a worker process prepares, and what lies on a card
    "app": GROUND | SENSES | {"lstm", "model", "data.sources", "inference", "evaluate", "server"},
    "cli": GROUND | {*DATA, "train", "inference", "evaluate", "server", "app"},
    "__main__": {"cli"},
    "": {"app"},  # the package itself, which fetches `show` when it is asked for
}


def sources(package: Path) -> dict[str, str]:
    """Every module's source by its name within the package; a folder's own file has the folder's name."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text(encoding="utf-8")
    return found


def imported(name: str, modules: Mapping[str, str]) -> Iterator[str]:
    """The package's own modules that one of them names in an import, whatever it is nested in.

    Raises:
        LookupError: there is no such module, nor can it be a name that a folder or module has.
    """
    is_folder = not name or any(other.startswith(f"{name}.") for other in modules)
    for node in ast.walk(ast.parse(modules[name])):
        if isinstance(node, ast.Import):
            wanted = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                inside = f"mmdemo.{name}".rstrip(".").split(".")
                inside = inside[: len(inside) + is_folder - node.level]
                base = ".".join([*inside, *base.split(".")]).rstrip(".")
            within = base.removeprefix("mmdemo").removeprefix(".")
            wanted = [
                f"{base}.{alias.name}" if f"{within}.{alias.name}".lstrip(".") in modules else base
                for alias in node.names
            ]
        else:
            continue
        for module in wanted:
            if module.split(".")[0] == "mmdemo":
                within = module.removeprefix("mmdemo").removeprefix(".")
                if within not in modules:
                    raise LookupError(f"{name} imports {module}, which is not there (line {node.lineno})")
                yield within


def room(module: str) -> str:
    """The folder that a module lies in; the folders within ``data`` are rooms of their own."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "data" else parts[0]


def arrows(modules: Mapping[str, str]) -> dict[str, set[str]]:
    """Which modules each module imports; the package itself, which holds its version, is left out."""
    return {name: {other for other in imported(name, modules) if other not in ("", name)} for name in modules}


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """One circle of a graph, its first node repeated at its end; empty if there is none."""
    done: set[str] = set()

    def walk(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node not in done:
            for other in sorted(graph.get(node, ())):
                if found := walk(other, [*path, node]):
                    return found
            done.add(node)
        return []

    return next((found for node in graph if (found := walk(node, []))), [])


def between_rooms(graph: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """The arrows of modules as arrows of their rooms."""
    rooms: dict[str, set[str]] = {}
    for module, others in graph.items():
        rooms.setdefault(room(module), set()).update({room(other) for other in others} - {room(module)})
    return rooms


def forbidden(graph: Mapping[str, set[str]]) -> list[str]:
    """Every arrow that the table does not allow, as ``from > to``."""
    return [
        f"{module} > {other}"
        for module, others in graph.items()
        for other in sorted(others)
        if room(other) != room(module)
        and room(other) not in ROOMS.get(room(module), ())
        and not {room(other), room(module)} <= GROUND  # the ground has an order, too: no circle
    ]


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    return arrows(sources(PACKAGE))


def test_the_table_points_down_only():
    below = set(GROUND)
    for name, others in ROOMS.items():
        assert others <= below, f"{name} stands below {sorted(others - below)}"
        below.add(name)


def test_every_room_is_in_the_table(graph):
    assert {room(name) for name in graph} - {"data"} - GROUND == set(ROOMS)


def test_a_folder_imports_only_what_the_table_allows(graph):
    assert forbidden(graph) == []


def test_nothing_is_imported_in_a_circle(graph):
    assert circle(graph) == []
    assert circle(between_rooms(graph)) == []


def test_the_ground_stands_on_nothing(graph):
    assert {name: graph[name] - GROUND for name in GROUND} == {name: set() for name in GROUND}


def test_arrows_that_are_drawn_late_or_relative_count():
    modules = {
        "": "",
        "lstm": "",
        "lstm.trace": "def f():\n    from mmdemo.config import ModelConfig",
        "config": "if TYPE_CHECKING:\n    import mmdemo.server.gate",
        "server": "from .gate import Guard",
        "server.gate": "from mmdemo.lstm import trace as inside\nfrom ..cli import main\nfrom . import logs",
        "server.logs": "from mmdemo import __version__",
        "cli": "import mmdemo.server.logs",
    }
    graph = arrows(modules)
    assert graph["server.gate"] == {"lstm.trace", "cli", "server.logs"}
    assert (graph["server"], graph["server.logs"], graph["cli"]) == ({"server.gate"}, set(), {"server.logs"})
    assert forbidden(graph) == [
        "lstm.trace > config",
        "config > server.gate",
        "server.gate > cli",
        "server.gate > lstm.trace",
    ]
    assert circle(graph) == ["lstm.trace", "config", "server.gate", "lstm.trace"]
    assert circle(between_rooms({"a.x": {"b.x"}, "b.y": {"a.y"}})) == ["a", "b", "a"]  # of folders, not of modules
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


@pytest.mark.parametrize("line", ["import mmdemo.paper", "from mmdemo.data.paper import shots", "from .far import x"])
def test_a_module_that_is_not_there_is_named(line):
    modules = {"": "", "data": "", "data.tasks": "", "data.tasks.digits": f"def f():\n    {line}"}
    with pytest.raises(LookupError, match=r"data\.tasks\.digits imports mmdemo\.[\w.]+, which is not there \(line 2\)"):
        arrows(modules)
