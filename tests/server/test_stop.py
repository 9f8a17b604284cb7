"""How a server ends: with a sentence, with what runs finished, or, if that takes too long, all the same."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from mmdemo.server import server
from mmdemo.server.health import Health
from tools.serving.servers import served

ROOT = Path(__file__).parents[2]


def test_what_never_ends_is_ended():
    script = "import time; from mmdemo.server import server; server._end_in(0.5); time.sleep(100)"
    begun = time.monotonic()
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=120, check=False).returncode == 1
    assert time.monotonic() - begun < 90


def test_all_that_is_waited_for_ends_before_that():
    assert server.FINISH_SECONDS + server.DELIVERY_SECONDS + server.STREAM_SECONDS < server.END_SECONDS < 33


def test_a_page_without_tasks_is_not_served(tmp_path):
    with pytest.raises(SystemExit, match="no trained task"):
        server.serve(SimpleNamespace(health=Health(tmp_path, [])))


def test_only_tasks_that_are_all_broken_are_of_no_use(tmp_path):
    health = Health(tmp_path, ["one", "two"])
    assert (health.status, health.useless) == ("starting", False)
    health.broken.add("one")
    assert (health.status, health.useless) == ("starting", False)
    health.broken.add("two")
    assert (health.status, health.useless, health.ready) == ("broken", True, False)
    health.broken, health.answered = {"one"}, {"two"}
    assert (health.status, health.useless) == ("ready", False)


def test_a_server_whose_tasks_are_all_broken_ends_with_a_sentence(tmp_path):
    (tmp_path / "checkpoints" / "digits").mkdir(parents=True)
    (tmp_path / "checkpoints" / "digits" / "config.json").write_text("{}", encoding="utf-8")
    with served(ready=False, checkpoints=tmp_path / "checkpoints") as one:
        assert one.process.wait(240) not in (0, None)
        said = one.log.read_text(encoding="utf-8").splitlines()
    assert "is no configuration of a checkpoint" in said[-1] and "Traceback" not in "".join(said)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP")
def test_a_terminal_that_is_closed_ends_it_in_order(checkpoints):
    with served(checkpoints=checkpoints) as one:
        assert one.stop(signal.SIGHUP) < 33
        assert one.process.returncode == 0
        assert any(line.get("event") == "stopped" for line in one.lines())
