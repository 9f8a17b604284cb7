"""Two processes with half of each batch learn what one learns with all of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest


def losses(folder, processes):
    folder.mkdir()
    script = str(Path(__file__).with_name("train_tiny.py"))
    launch = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", script, str(folder)]
    path = os.pathsep.join([str(Path(__file__).parents[1]), str(Path(__file__).parent)])
    environment = os.environ | {"PYTHONPATH": path, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *launch], env=environment, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr[-3000:]
    by_rank = [json.loads((folder / f"losses-{rank}.json").read_text()) for rank in range(processes)]
    return np.mean(by_rank, axis=0).tolist()


def test_two_processes_learn_what_one_learns(tmp_path):
    one, two = losses(tmp_path / "one", 1), losses(tmp_path / "two", 2)
    assert len(one) == 20 and one[-1] < one[0]
    assert two == pytest.approx(one, abs=1e-4)
