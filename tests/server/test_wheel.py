"""The wheel: it holds all that mmdemo needs, and works in a fresh environment, away from the source tree."""

import json
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import venv
import zipfile
from importlib.metadata import Distribution, PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import httpx
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mmdemo import __version__

ROOT = Path(__file__).parents[2]
EXTRAS = ("train", "cluster", "test")
FOLDERS = ("mmdemo", "assets", "checkpoints")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel built from the source tree, without an index."""
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "wheel", str(ROOT), *options, "--wheel-dir", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (file,) = folder.iterdir()
    return file


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The folder of commands of an environment that has the wheel and its requirements, but not those of its extras.

    The requirements are borrowed from the environment that runs this test; what only extras need is made unimportable.
    """
    place = tmp_path_factory.mktemp("fresh") / "venv"
    venv.create(place, symlinks=True)
    folders = {"base": str(place), "platbase": str(place)}
    commands, packages = (Path(sysconfig.get_path(name, "venv", folders)) for name in ("scripts", "purelib"))
    (packages / "requirements.pth").write_text(f"{sysconfig.get_path('purelib')}\nimport extras_are_missing\n")
    missing = dict.fromkeys(modules_of_extras())  # None in sys.modules: importing it raises ModuleNotFoundError
    (packages / "extras_are_missing.py").write_text(f"import sys\n\nsys.modules.update({missing!r})\n")
    options = ["--no-deps", "--no-index", "--force-reinstall", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "--python", str(commands / "python"), "install", *options, str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return commands


def listed(name):
    """The requirements of a list, without those that it includes."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(line.split("#")[0]) for line in lines if line.strip() and line[0] not in "#-"]


def closure(requirements):
    """Names of the distributions that requirements bring, however indirectly."""
    names, queue = set(), list(requirements)
    while queue:
        wanted = queue.pop()
        names.add(canonicalize_name(wanted.name))
        try:
            needs = map(Requirement, requires(wanted.name) or [])
        except PackageNotFoundError:  # needed on another system
            continue
        for need in needs:
            applies = need.marker is None or any(need.marker.evaluate({"extra": e}) for e in wanted.extras or [""])
            if applies and canonicalize_name(need.name) not in names:
                queue.append(need)
    return names


def modules_of_extras():
    """Top-level modules that come with the extras only."""
    there = closure(listed("requirements.txt"))
    extras = {canonicalize_name(need.name) for name in EXTRAS for need in listed(f"requirements-{name}.txt")}
    modules = packages_distributions().items()
    return sorted(module for module, names in modules if {*map(canonicalize_name, names)} <= extras - there)


@pytest.fixture
def elsewhere(tmp_path):
    """Settings of a process that runs in an empty folder and knows nothing of the source tree."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("MMDEMO_", "PYTHON"))}
    return {"cwd": tmp_path, "env": known | {"HF_HUB_OFFLINE": "1", "GRADIO_ANALYTICS_ENABLED": "False"}}


def source_files():
    """The files that the source tree has for a wheel, by their paths in it."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *FOLDERS]
    try:
        tracked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("needs git and a clone: only git knows which files belong to mmdemo")
    names = {name for name in tracked if (ROOT / name).is_file()}
    return {name if name.startswith("mmdemo/") else f"mmdemo/{name}" for name in names}


def test_it_holds_every_file_and_nothing_else(wheel):
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == source_files()
    for kind in ("strings/zh.json", "web/", "data/tasks/cards/", "data/sentences/en.json", "image/ink.npz", "assets/"):
        assert any(name.startswith(f"mmdemo/{kind}") for name in names), kind
    for task in ("digits", "emotion", "lips"):
        assert f"mmdemo/checkpoints/{task}/model.safetensors" in names


def test_it_says_what_it_needs_and_under_which_licences(wheel):
    archive = zipfile.ZipFile(wheel)
    information = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA")).split("/")[0]
    archive.extractall(wheel.parent, [name for name in archive.namelist() if name.startswith(information)])
    metadata = Distribution.at(wheel.parent / information).metadata
    assert metadata["Version"] == __version__
    needs = [Requirement(line) for line in metadata.get_all("Requires-Dist")]
    always = {need.name for need in needs if need.marker is None}
    extras = {
        extra: {need.name for need in needs if need.marker and need.marker.evaluate({"extra": extra})}
        for extra in EXTRAS
    }
    assert {"torch", "gradio", "typer"} <= always and "accelerate" not in always
    assert "accelerate" in extras["train"] and "pytest" not in extras["train"]
    assert extras["cluster"] == {"pyarrow", "ray"}
    assert extras["train"] < extras["test"] and "pytest" in extras["test"]
    licences = set(metadata.get_all("License-File"))
    assert {"LICENSE", "docs/licences.md"} <= licences
    assert {f"LICENSES/{licence}.txt" for licence in metadata["License-Expression"].split(" AND ")} <= licences


def test_it_predicts_from_another_folder(installed, elsewhere):
    where = [str(installed / "python"), "-c", "import mmdemo; print(mmdemo.__file__)"]
    found = subprocess.run(where, capture_output=True, text=True, timeout=60, check=True, **elsewhere).stdout
    assert Path(found.strip()).is_relative_to(installed.parent)
    said = [str(installed / "mmdemo"), "predict", "--text", "three, no wait, five", "--json"]
    done = subprocess.run(said, capture_output=True, text=True, timeout=300, **elsewhere)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["label"] == "five"
    said = [str(installed / "mmdemo"), "--help"]
    done = subprocess.run(said, capture_output=True, text=True, timeout=60, **elsewhere)
    assert done.returncode == 0 and "Usage: mmdemo " in done.stdout


def test_training_says_which_packages_it_needs_and_writes_nothing(installed, elsewhere):
    said = [str(installed / "mmdemo"), "train"]
    done = subprocess.run(said, capture_output=True, text=True, timeout=300, **elsewhere)
    assert done.returncode == 2 and "pip install 'mmdemo[train]'" in done.stderr
    assert not list(elsewhere["cwd"].iterdir())


def test_it_serves_its_tasks_from_another_folder(installed, elsewhere, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address, log = f"http://127.0.0.1:{port}", tmp_path / "log.txt"
    with log.open("wb") as said:
        server = subprocess.Popen(
            [str(installed / "mmdemo"), "serve", "--port", str(port)], stdout=said, stderr=said, **elsewhere
        )
    try:
        health = wait_until_ready(server, address, log)
        assert set(health["checkpoints"]) == {"digits", "emotion", "lips"} and not health["broken"]
        assert health["version"] == __version__
        page = httpx.get(address, timeout=60).text
        assert 'class="mm-preface"' in page
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
    finally:
        if server.poll() is None:
            server.kill()
            server.wait()


def wait_until_ready(server, address, log, seconds=240):
    """What /health says as soon as all tasks can be asked."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert server.poll() is None, log.read_text()
        try:
            health = httpx.get(f"{address}/health", timeout=30).json()
            if health["status"] == "ready":
                return health
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"not ready after {seconds} s:\n{log.read_text()}")
