"""The lists of requirements, the constraints and the Spaces front matter agree with each other and with the code."""

import ast
import re
import sys
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from huggingface_hub import metadata_load
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LISTS = ("requirements.txt", "requirements-cluster.txt", "requirements-train.txt", "requirements-test.txt")
BROUGHT = {
    "starlette",
    "uvicorn",
    "gradio_client",
    "httpx",
    "mcp",
    "spaces",
}  # by Gradio, as gradio[mcp], and by a Space
PYTHONS = ("3.10", "3.11", "3.12", "3.13")


def read(name):
    """Requirements of one file, without those that it includes."""
    lines = [re.sub(r"(^|\s)#.*", "", line).strip() for line in (ROOT / name).read_text().splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def named(*lists):
    return {canonicalize_name(requirement.name) for name in lists for requirement in read(name)}


def imported(*places):
    """Top-level modules that Python files import, from outside the project."""
    files = [file for place in places for file in (place.rglob("*.py") if place.is_dir() else [place])]
    names = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.add(node.module.split(".")[0])
    ours = {file.stem for file in (*files, *(ROOT / "tools").rglob("*.py"))} | {"mmdemo", "tests", "tools"}
    return names - set(sys.stdlib_module_names) - ours - BROUGHT


def front_matter():
    return metadata_load(ROOT / "README.md")


@pytest.mark.parametrize("python", PYTHONS)
def test_every_requirement_has_one_constraint_that_satisfies_it(python):
    pins = [pin for pin in read("constraints.txt") if not pin.marker or pin.marker.evaluate({"python_version": python})]
    versions = {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in pins}
    assert len(versions) == len(pins)
    assert set(versions) == named(*LISTS)
    for name in LISTS:
        for requirement in read(name):
            assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)]), requirement


def test_a_space_gets_the_gradio_that_we_test_with():
    pins = {pin.name: str(pin.specifier) for pin in read("constraints.txt")}
    assert pins["gradio"] == f"=={front_matter()['sdk_version']}"
    assert next(str(r.specifier) for r in read("requirements.txt") if r.name == "gradio") == pins["gradio"]


def test_pillow_is_held_back_by_gradio_alone():
    """When this fails, Gradio allows the Pillow that mends known holes: take it, and change docs/security.md."""
    asked = (Requirement(line) for line in requires("gradio"))
    held = next(one.specifier for one in asked if one.name == "pillow" and not one.marker)
    assert not held.contains("13.0.0"), "Gradio allows Pillow 13 now: allow it in constraints.txt, too"


COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
KEYS = {  # those that the hub knows and that we have a use for
    "title", "emoji", "colorFrom", "colorTo", "sdk", "sdk_version", "python_version", "app_file", "short_description",
    "suggested_hardware", "license", "license_name", "license_link", "tags", "pinned", "models", "datasets",
    "thumbnail", "startup_duration_timeout",
}  # fmt: skip
HARDWARE = {"cpu-basic", "cpu-upgrade", "zero-a10g", "t4-small", "t4-medium", "l4x1", "a10g-small", "a100-large"}


def test_a_space_finds_the_app_and_a_python_that_we_support():
    matter = front_matter()
    assert matter["sdk"] == "gradio" and (ROOT / matter["app_file"]).is_file()
    assert matter["python_version"] in ("3.10", "3.12")  # those of ZeroGPU, which serve a processor and a card as well


def test_a_space_understands_the_front_matter():
    matter = front_matter()
    assert set(matter) <= KEYS
    assert all(isinstance(matter[key], str) for key in KEYS - {"tags", "pinned", "models", "datasets"} if key in matter)
    assert 0 < len(matter["short_description"]) <= 60
    assert {matter["colorFrom"], matter["colorTo"]} <= COLOURS
    assert matter["suggested_hardware"] in HARDWARE
    assert len(matter["emoji"].strip()) <= 2 and not matter["emoji"].isascii()
    assert all(re.fullmatch(r"[a-z0-9-]+", tag) for tag in matter["tags"])


def test_a_space_renders_on_the_visitor_s_side_and_starts_as_main():
    from mmdemo.app import LAUNCH

    assert LAUNCH["ssr_mode"] is False  # else Node stands before the guard, and the page needs two ports
    imports = (node for node in ast.walk(ast.parse((ROOT / "app.py").read_text())) if isinstance(node, ast.Import))
    names = [alias.name for node in imports for alias in node.names]
    assert [name for name in names if name != "os"] == ["spaces"]  # before anything that brings PyTorch


@pytest.mark.parametrize("version", ["2.8.0", "2.11.0", "2.13.0"])
def test_pytorch_is_left_open_for_zerogpu(version):
    torch = next(requirement for requirement in read("requirements.txt") if requirement.name == "torch")
    assert torch.specifier.contains(version)


def reached(*starts):
    """The files of the project that some of its files import, however indirectly and however late, with themselves."""
    found, queue = set(), list(starts)
    while queue:
        file = queue.pop()
        if file in found:
            continue
        found.add(file)
        for module in re.findall(r"^\s*from (mmdemo[\w.]*) import|^\s*import (mmdemo[\w.]*)", file.read_text(), re.M):
            path = ROOT.joinpath(*(module[0] or module[1]).split("."))
            queue += [p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()]
    return found


def test_whatever_is_imported_is_required():
    distributions = {k: {canonicalize_name(name) for name in v} for k, v in packages_distributions().items()}
    training = {ROOT / "mmdemo" / sense / "augment.py" for sense in ("audio", "image")}  # is all that calls these
    files = {
        "requirements.txt": reached(
            ROOT / "app.py", ROOT / "mmdemo" / "inference" / "predictions.py", ROOT / "tools" / "deploy.py"
        )
        - training,
        "requirements-cluster.txt": reached(
            ROOT / "mmdemo" / "inference" / "cluster.py", ROOT / "mmdemo" / "inference" / "explanations.py"
        )
        - training,
        "requirements-train.txt": [ROOT / "mmdemo"],
        "requirements-test.txt": [ROOT / "mmdemo", ROOT / "tests"],
    }
    for k, (name, places) in enumerate(files.items(), start=1):
        required = named(*LISTS[:k])
        optional = {"pyarrow"} if k == 1 else set()  # for Parquet files alone; a sentence says so where it is missing
        missing = {module for module in imported(*places) if not distributions.get(module, {module}) & required}
        assert not missing - optional, f"imported, but not in {name}"


def test_nothing_is_required_that_is_not_used():
    used = imported(ROOT / "mmdemo", ROOT / "app.py", ROOT / "tests")
    distributions = packages_distributions()
    provides = {canonicalize_name(d) for name in used for d in distributions.get(name, [])}
    indirect = {
        "pyarrow",
        "ray",
        "tensorboard",
        "oxlint",
        "ruff",
        "playwright",
        "pytest-xdist",
        "spaces",
        "uv",
        "hatchling",
        "hatch-requirements-txt",
    }  # programs, and...
    assert named(*LISTS) <= provides | indirect
