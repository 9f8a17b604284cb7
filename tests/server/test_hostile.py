"""A short run of ``tools/serving hostile``: every kind of harm is tried once, so that the tool itself can never rot.

What it measures is for ``measurements/serving.json``; here only what no busy machine may change is asserted.
"""

import shutil
import sys
from pathlib import Path
from random import Random

import hostile_files
import pytest

TOOL = Path(__file__).parents[2] / "tools" / "serving"


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path, str(TOOL)])
    import attack

    return attack


@pytest.mark.skipif(sys.platform != "linux", reason="visitors with addresses of their own need Linux's loopback")
def test_every_kind_of_harm_beside_honest_visitors(tool, trained, tmp_path, capsys):
    shutil.copytree(trained, tmp_path / "digits")
    found = tool.hostile(tries=40, rounds=2, hold=0.5, scale=0.05, minutes=10, checkpoints=tmp_path, wait=False)
    assert found["tries"] == 40 and all(one["tries"] for one in found["kinds"].values())
    assert found["faults"] == []
    assert all(one["asked"] >= 3 and one["wrong"] == [] for one in found["honest"].values())
    assert found["health"]["asked"] and found["health"]["other than ready"] == {}
    assert set(tool.TRIES) == set(found["kinds"])


@pytest.mark.parametrize("kind", hostile_files.KINDS)
def test_files_differ_with_the_seed_and_never_without(kind):
    make = hostile_files.KINDS[kind]
    (name, first), (_, again), *others = (make(Random(seed)) for seed in ("a", "a", "b", "c", "d"))
    assert len(first) == len(again)  # an Ogg file has a number by chance in it
    assert any((name, first) != other for other in others)
    assert all(0 < len(content) <= hostile_files.MOST for _, content in others)
