"""Hold the training to its word: ``python tools/training.py processes | kill [-- OPTIONS OF mmdemo train]``.

``processes``: two processes learn from the same batches what one learns. ``kill``: a training that is killed again and
again ends as one that is left alone. Both run ``python -m mmdemo train`` itself on the CPU, in folders of their own,
and write what they found to ``measurements/training.json``. They need requirements-train.txt.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, NoReturn

import psutil
import typer

sys.path.insert(0, str(Path(__file__).parent.parent))

from tools import measured

ROOT = Path(__file__).resolve().parents[1]
STEPS = 20
app = typer.Typer(add_completion=False, help=__doc__)
Options = Annotated[list[str] | None, typer.Argument(help="For `python -m mmdemo train`, after --.")]


def record(name: str, command: list[str], options: list[str], found: dict[str, Any]) -> None:
    """Print what was found, and write it down in ``measurements/training.json``.

    Args:
        name: of the finding.
        command: of this tool, with its flags.
        options: for ``mmdemo train``.
        found: what was found.
    """
    import torch

    given = " ".join(["python tools/training.py", *command, *(["--", *options] if options else [])])
    measured.record("training.json", name, given, {"torch": torch.__version__, **found})


def launched(processes: int, program: list[str], place: Path, options: list[str]) -> subprocess.Popen:
    """A training on the CPU by one or several processes."""
    launch = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"] if processes > 1 else []
    places = ["--out", str(place / "out"), "--runs", str(place / "runs")]
    threads = max(1, int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)) // processes)
    environment = os.environ | {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": str(threads)}
    command = [sys.executable, *launch, *program, *places, *options]
    with (place / "log.txt").open("ab") as log:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)


def kill_all(training: subprocess.Popen) -> None:
    """Kill a training at once: every process of it, since a launcher's do not die with it."""
    family = psutil.Process(training.pid)
    for process in [family, *family.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    training.wait()


def finish(training: subprocess.Popen, place: Path) -> None:
    """Wait for a training's good end."""
    if status := training.wait():
        fail(status, place)


def fail(status: int, place: Path) -> NoReturn:
    """End with what a training said last."""
    raise SystemExit(f"The training ended with {status}:\n{(place / 'log.txt').read_text()[-3000:]}")


@app.command()
def processes(options: Options = None) -> None:
    """The first 20 losses of two processes against those of one: same batches, no dropout.

    The two differ by float32's rounding, which grows with every step by as much as the weights move in it: with a
    recipe that reaches its highest learning rate within these steps, many times as much as with ours.
    """
    options, losses = options or [], {}
    for count in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            program = [str(Path(__file__)), "losses", str(place)]
            status = launched(count, program, place, options).wait()  # of two, one may find the other gone
            files = [place / f"{rank}.json" for rank in range(count)]
            if not all(file.is_file() for file in files):
                fail(status, place)
            parts = [json.loads(file.read_text()) for file in files]
            losses[count] = [sum(part) / count for part in zip(*parts, strict=True)]
    difference = max(abs(one - two) for one, two in zip(losses[1], losses[2], strict=True))
    found = {"allowed": 1e-4, "largest difference": float(f"{difference:.1e}")}
    rounded = {f"losses, {count} processes": [round(loss, 6) for loss in losses[count]] for count in losses}
    record("processes", ["processes"], options, found | rounded)


@app.command(hidden=True, context_settings={"ignore_unknown_options": True})
def losses(place: Path, options: Annotated[list[str], typer.Argument()]) -> None:
    """Train without dropout, and keep this process's losses of the first steps; that is all of it."""
    from mmdemo import cli
    from mmdemo.train import loop as training
    from mmdemo.train.loop import processes as together

    kept, loss_of, new = [], training.sequence_loss, training.new_model

    def remembered(*arguments: Any) -> Any:
        loss = loss_of(*arguments)
        if loss.requires_grad:  # in training, not in validation
            kept.append(float(loss.detach()))
        if len(kept) > STEPS:
            (place / f"{os.environ.get('RANK', 0)}.json").write_text(json.dumps(kept[:STEPS]))
            together().wait_for_everyone()
            os._exit(0)
        return loss

    training.sequence_loss = remembered
    training.new_model = lambda config: new(replace(config, dropout=0.0))
    sys.argv = ["mmdemo", "train", *options]
    cli.main()


@app.command()
def kill(
    options: Options = None,
    count: Annotated[int, typer.Option("--count", help="How often it is killed.")] = 5,
    many: Annotated[int, typer.Option("--processes", help="That train together.")] = 1,
    seed: Annotated[int, typer.Option(help="Of the moments.")] = 0,
) -> None:
    """Kill a training at random moments (SIGKILL), start it again each time; compare its end with an unbroken one's."""
    options, rng, program = options or [], random.Random(seed), ["-m", "mmdemo", "train"]
    with tempfile.TemporaryDirectory() as folder:
        whole, broken = Path(folder) / "whole", Path(folder) / "broken"
        whole.mkdir()
        broken.mkdir()
        begun = time.perf_counter()
        finish(launched(many, program, whole, options), whole)
        seconds = time.perf_counter() - begun
        kills = []
        for _ in range(count):
            training = launched(many, program, broken, options)
            begun, moment = time.perf_counter(), rng.uniform(0.2, 1) * seconds
            while time.perf_counter() - begun < moment and training.poll() is None:
                time.sleep(0.01)
            if training.poll() is None:
                kill_all(training)
            kills.append(
                {"after seconds": round(time.perf_counter() - begun, 1), "whole epochs": _state(broken)["epoch"]}
            )
        finish(launched(many, program, broken, options), broken)
        one, other = _end(whole), _end(broken)
    names = sorted(name for name in one["weights"] if not (one["weights"][name] == other["weights"][name]).all())
    found = {
        "processes": many,
        "seconds, unbroken": round(seconds, 1),
        "killed": kills,
        "final validation loss": {"unbroken": round(one["loss"], 6), "killed and resumed": round(other["loss"], 6)},
        "difference": abs(one["loss"] - other["loss"]),
        "allowed": 1e-3,
        "tensors of the checkpoint that differ": names,
        "files left half-written": other["torn"],
    }
    command = ["kill", "--count", str(count), "--processes", str(many), "--seed", str(seed)]
    record("kill" if many == 1 else f"kill {many} processes", command, options, found)


def _state(place: Path) -> dict[str, Any]:
    """How far a run has come."""
    import torch

    states = list(place.glob("runs/*/state.pt"))
    return torch.load(states[0], weights_only=True)["progress"] if states else {"epoch": 0}


def _end(place: Path) -> dict[str, Any]:
    """How a run has ended."""
    from safetensors.torch import load_file

    torn = sorted(path.name for path in place.rglob("*") if path.name.endswith(".part"))
    weights = load_file(place / "out" / "model.safetensors")
    return {"loss": _state(place)["best_loss"], "weights": weights, "torn": torn}


if __name__ == "__main__":
    app()
