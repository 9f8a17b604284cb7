"""Every file of weights has a licence that is written down, and all places that name licences agree."""

import re
import subprocess
from pathlib import Path

import pytest
from huggingface_hub import metadata_load
from packaging.licenses import canonicalize_license_expression

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
WEIGHTS = (".safetensors", ".npz", ".npy", ".pt", ".pth", ".bin", ".onnx", ".pkl", ".h5", ".gguf", ".tflite")
ROW = re.compile(r"^\| `([^`]+)` \|.*?\| \[([\w.-]+)\]\(\.\./(LICENSES/[^)]+)\) \|", re.M)
TABLE = {file: (licence, text) for file, licence, text in ROW.findall(PAGE)}


def test_every_file_of_weights_has_a_licence():
    try:
        command = ["git", "ls-files"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("needs git and a clone: only git knows which files belong to mmdemo")
    weights = {name for name in listed if name.endswith(WEIGHTS) and not name.startswith("tests/")}
    assert weights == set(TABLE)
    for name in weights:
        assert f"### `{name}`" in PAGE, f"nothing says what {name} was made from"


def test_the_text_of_every_licence_is_here():
    for licence, text in TABLE.values():
        assert Path(text).stem == licence and (ROOT / text).stat().st_size > 1000
    for link in re.findall(r"\]\((\.\./[^)]+)\)", PAGE):
        assert (ROOT / "docs" / link).exists(), link


@pytest.mark.parametrize("task", ["digits", "emotion", "lips"])
def test_a_model_card_has_the_same_licence(task):
    licence = TABLE[f"checkpoints/{task}/model.safetensors"][0]
    for card in (f"checkpoints/{task}/README.md", f"mmdemo/data/tasks/cards/{task}.md"):
        assert metadata_load(ROOT / card)["license"] == licence.lower()


def test_the_package_names_the_licences_of_the_code_and_of_all_weights():
    line = re.search(r'^license = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M)
    expression = line.group(1)
    assert canonicalize_license_expression(expression) == expression
    assert set(expression.split(" AND ")) == {"MIT"} | {licence for licence, _ in TABLE.values()}


def test_a_space_is_not_called_all_mit():
    matter = metadata_load(ROOT / "README.md")
    assert matter["license"] == "other"
    assert re.fullmatch(r"[a-z0-9.-]+", matter["license_name"])
    assert matter["license_link"] == "LICENSE"  # the hub takes this name or an address
    terms = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert terms.startswith("MIT License") and "docs/licences.md" in terms
