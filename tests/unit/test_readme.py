"""The README is short, and what it shows runs."""

import re
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = [
    pytest.param(example, id=f"{file.name}-{number}")
    for file in FILES
    for number, example in enumerate(
        re.findall(r"^```python\n(.*?)^```", file.read_text(encoding="utf-8"), re.S | re.M)
    )
]


def test_the_readme_is_short():
    assert (ROOT / "README.md").stat().st_size < 10_000


def test_there_is_an_example_in_the_readme():
    assert any(param.id.startswith("README") for param in EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_runs_as_it_stands(example):
    torch.manual_seed(0)
    exec(compile(example, "example", "exec"), {})
