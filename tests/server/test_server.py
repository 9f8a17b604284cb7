"""The server as its command starts it, in a process of its own, until it is told to stop."""

import gc

import psutil
import pytest
from gradio_client import Client, handle_file

from mmdemo import worker_pool
from mmdemo.app.tasks import EXAMPLES
from mmdemo.inference.predictor import Predictor
from mmdemo.server import server
from tools.serving.servers import served

PICTURE = EXAMPLES / "digits" / "seven.jpg"


def test_it_answers_as_a_predictor_does_and_leaves_no_process_behind(checkpoints):
    with served(checkpoints=checkpoints) as server:
        started = server.workers()
        assert len(started) >= worker_pool.default_count()  # pictures are searched in them
        said = Client(server.url, verbose=False).predict(None, handle_file(PICTURE), None, api_name="/predict")
        result = Predictor.load(checkpoints / "digits", "cpu").predict(image=PICTURE)
        assert said["label"] == result.label
        assert said["probabilities"][result.label] == pytest.approx(float(result.probabilities.max()), abs=1e-5)
        server.stop()
        assert server.process.returncode == 0
    _, left = psutil.wait_procs(started, timeout=20)
    assert not [one for one in left if one.status() != psutil.STATUS_ZOMBIE]


def test_a_round_of_the_collector_leaves_out_what_stays():
    gc.collect()
    try:
        server.spare_collector()
        assert gc.get_freeze_count() > 100_000
        assert len(gc.get_objects()) < 10_000
    finally:
        gc.unfreeze()
