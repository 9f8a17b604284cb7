"""Two hosts that train together, joined by a network alone: two network namespaces."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from trainings import record_losses, result, start

from tools.hosts import two_hosts, why_not

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.skipif(why_not() is not None, reason=str(why_not())),
    pytest.mark.skipif("CI" in os.environ, reason="takes minutes that continuous integration has not: run it by hand"),
]


@pytest.fixture
def hosts():
    try:
        with two_hosts() as hosts:
            yield hosts
    except OSError as error:
        pytest.skip(f"there are no network namespaces here: {error}")


def launch(hosts, job, *folders):
    """The same command on both, as docs/scaling.md has it: what runs on each."""
    env = {"OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    env["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "helpers")])
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nnodes=2", "--nproc-per-node=1"]
    address = ["--master-addr", hosts[0].address, "--master-port", "29500"]
    program = [ROOT / "tests" / "helpers" / "host_training.py", job]
    return [
        host.start(
            [*torchrun, f"--node-rank={rank}", *address, *program, folder],
            env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank, (host, folder) in enumerate(zip(hosts, folders, strict=True))
    ]


def ends(running):
    said = [process.communicate(timeout=240)[1] for process in running]
    return [process.returncode for process in running], said


def test_two_hosts_learn_what_one_process_learns(hosts, tmp_path):
    alone = start(record_losses, tmp_path / "one")
    alone.join(240)
    codes, said = ends(launch(hosts, "record_losses", tmp_path / "two", tmp_path / "two"))
    assert codes == [0, 0], said
    read = lambda name: json.loads((tmp_path / name).read_text())  # noqa: E731
    losses = np.mean([read("two.0"), read("two.1")], axis=0)
    assert len(losses) == 20
    assert np.abs(losses - read("one.0")).max() < 1e-4


def test_a_host_dies_and_both_go_on_from_the_last_epoch(hosts, tmp_path):
    codes, said = ends(launch(hosts, "train", tmp_path / "whole", tmp_path / "whole"))
    assert codes == [0, 0], said
    running = launch(hosts, "train", tmp_path / "killed", tmp_path / "killed")
    until = time.monotonic() + 120
    while not (tmp_path / "killed" / "run" / "state.pt").is_file() and time.monotonic() < until:
        time.sleep(0.005)
    hosts[1].kill()
    codes, _ = ends(running)
    assert 0 not in codes  # the other one, left alone, gives up
    assert not (tmp_path / "killed" / "out").exists()
    codes, said = ends(launch(hosts, "train", tmp_path / "killed", tmp_path / "killed"))
    assert codes == [0, 0], said
    assert result(tmp_path / "killed")[0] == pytest.approx(result(tmp_path / "whole")[0], abs=1e-6)


def test_hosts_that_share_no_folder_are_told_so(hosts, tmp_path):
    codes, said = ends(launch(hosts, "train", tmp_path / "one", tmp_path / "other"))
    assert 0 not in codes
    assert all("do not see the same folder" in one for one in said)
