"""A job on a Ray cluster of two nodes: what one process finds, even if one of them dies half-way."""

import numpy as np
import pandas as pd
import pytest
import torch

from mmdemo.config import ModelConfig
from mmdemo.inference import jobs
from mmdemo.inference.explanations import TABLES, Explanations
from mmdemo.inference.jobs import Done, run
from mmdemo.messages import InputError
from mmdemo.model.multimodal_lstm import MultimodalLSTM

pytest.importorskip("ray", reason="Ray is not installed: pip install -r requirements-cluster.txt")
ROWS = 601


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    folder = tmp_path_factory.mktemp("given")
    torch.manual_seed(0)
    MultimodalLSTM(ModelConfig("numbers", ["one", "two", "three"])).save_pretrained(folder / "checkpoint")
    rows = [(f"word {k}, no wait, {['one', 'two', 'three'][k % 3]}", "") for k in range(ROWS - 1)]
    rows.append(("", "gone.png"))
    pd.DataFrame(rows, columns=["text", "image"]).to_csv(folder / "manifest.csv", index=False)
    return folder / "manifest.csv", folder / "checkpoint"


@pytest.fixture
def nodes(monkeypatch):
    from ray.cluster_utils import Cluster as Nodes

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setattr(jobs, "PART", 20)
    nodes = Nodes(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    yield nodes
    nodes.shutdown()


def tables(out):
    return {name: pd.read_parquet(out / name).sort_values(list(TABLES[name].names[:2])) for name in TABLES}


def same(one, other):
    for name in TABLES:
        for column in TABLES[name].names:
            a, b = one[name][column].tolist(), other[name][column].tolist()
            assert len(a) == len(b)
            for x, y in zip(a, b, strict=True):
                if isinstance(x, np.ndarray | float):
                    np.testing.assert_allclose(x, y, atol=1e-5, rtol=1e-5)
                else:
                    assert x == y


def test_a_node_dies_half_way_and_nothing_is_lost_or_twice(given, nodes, tmp_path):
    from mmdemo.inference.cluster import Cluster

    second = nodes.add_node(num_cpus=1)
    cluster, seen = Cluster(nodes.address), []

    def crew(job, parts):
        for done in cluster(job, parts):
            yield done
            seen.append(done)
            if len(seen) == 10:
                nodes.remove_node(second, allow_graceful=False)

    assert run(Explanations(*given, tmp_path / "cluster", "cpu"), crew) == Done(ROWS, 1)
    run(Explanations(*given, tmp_path / "alone", "cpu"))
    found = tables(tmp_path / "cluster")
    assert found["predictions"]["row"].tolist() == list(range(ROWS))
    same(tables(tmp_path / "alone"), found)
    (tmp_path / "cluster" / "ledger" / "000003.parquet").unlink()
    assert run(Explanations(*given, tmp_path / "cluster", "cpu"), cluster) == Done(20, 0)  # only what is missing


def test_a_cluster_that_is_not_there_is_named(given, tmp_path):
    from mmdemo.inference.cluster import Cluster

    with pytest.raises(InputError, match=r"127\.0\.0\.1:1"):
        run(Explanations(*given, tmp_path / "out", "cpu"), Cluster("127.0.0.1:1"))
