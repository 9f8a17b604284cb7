"""The command line: ``mmdemo COMMAND``, or ``python -m mmdemo COMMAND`` in the source tree; ``--help`` lists them.

Each command imports what it needs itself, so that ``--help`` answers at once. Commands read what comes with mmdemo from
wherever it is installed, and write into the current folder.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import socket
import sys
from collections.abc import Callable
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from mmdemo.config import CheckpointError
from mmdemo.messages import InputError, make_printable
from mmdemo.resources import CHECKPOINTS

if TYPE_CHECKING:
    from mmdemo.inference.jobs import Done, Job
    from mmdemo.inference.predictor import Predictor
    from mmdemo.train.dataset import Data as TaskData

Loaded = TypeVar("Loaded")
TRAINED = Path("checkpoints")  # where training writes to; in the source tree it is CHECKPOINTS, installed it is not
MAX_DECODE_SECONDS = 600
DEBUG = "MMDEMO_DEBUG"  # if this environment variable is set, an unexpected error shows its traceback

app = typer.Typer(
    help="Watch one LSTM read, look and listen.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Checkpoint = Annotated[
    Path, typer.Option(help="Folder of a trained task.", show_default="the digits task that comes with mmdemo")
]
Manifest = Annotated[
    Path | None, typer.Option(help="Your own data: a table with the columns text, image, audio, label and split.")
]
Device = Annotated[str | None, typer.Option(help="cuda, mps or cpu.", show_default="the fastest that this machine has")]
Data = Annotated[
    Path | None, typer.Option(help="Folder of the data sets.", show_default="the environment's MMDEMO_DATA, or data")
]
Cache = Annotated[Path, typer.Option(help="Folder for preprocessed data, so that the next run starts sooner.")]
Runs = Annotated[Path, typer.Option(help="Folder for TensorBoard logs and for the state of interrupted runs.")]
Seed = Annotated[int, typer.Option(help="Seed of every random choice.")]
Ray = Annotated[
    str | None,
    typer.Option(
        help="Work on a Ray cluster, at HOST:PORT; auto: the one this machine is part of; local: all of its cores.",
        show_default="in this process",
    ),
]
Jobs = Annotated[int | None, typer.Option(help="Number of processes.", show_default="one for each core")]


class RecipeName(str, Enum):
    """The training recipes, by the names that ``mmdemo.train.recipes.RECIPES`` has for them."""

    own = "own"
    warm = "warm"
    sync = "sync"
    textbook = "textbook"


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 7860,
    rate: Annotated[float, typer.Option(help="Requests that one visitor may make in a minute; 0: no limit.")] = 600,
    embed: Annotated[
        str, typer.Option(help="Sites that may show the page in a frame, as in CSP's frame-ancestors.")
    ] = "'self'",
    trusted_hops: Annotated[
        int,
        typer.Option(
            min=0,
            envvar="MMDEMO_TRUSTED_HOPS",
            help="Proxies of yours before the server, each of which adds to X-Forwarded-For; at 0 it is ignored.",
        ),
    ] = 0,
    decode_seconds: Annotated[
        float, typer.Option(help="Seconds that reading one picture or recording may take before it is given up.")
    ] = 5.0,
    checkpoints: Annotated[
        Path,
        typer.Option(
            envvar="MMDEMO_CHECKPOINTS",
            help="Folder of trained tasks to show, one folder for each. For those that you trained: checkpoints.",
            show_default="the tasks that come with mmdemo",
        ),
    ] = CHECKPOINTS,
) -> None:
    """Serve the page until Ctrl+C or SIGTERM; requests in progress are finished first. GET /health tells its state."""
    if not math.isfinite(rate) or rate < 0:
        raise typer.BadParameter("--rate has to be a number of at least 0")
    if not 0 < decode_seconds <= MAX_DECODE_SECONDS:
        raise typer.BadParameter(f"--decode-seconds has to be a number above 0, and {MAX_DECODE_SECONDS} at most")
    if not re.fullmatch(r"[!-+\--:<-~]+( [!-+\--:<-~]+)*", embed):
        raise typer.BadParameter("--embed has to name sites, with spaces between them: 'self' https://example.org")
    if not any(checkpoints.glob("*/config.json")):
        raise FileNotFoundError(f"There is no trained task in {checkpoints}: no folder in it has a config.json")
    _check_address(host, port)
    _use_one_thread()  # the cores are for visitors side by side
    from mmdemo.app import build
    from mmdemo.server import serve

    serve(
        build(checkpoints, warm=True),
        server_name=host,
        server_port=port,
        per_minute=rate,
        frames=embed,
        hops=trusted_hops,
        decode_seconds=decode_seconds,
    )


@app.command()
def train(
    task: Annotated[
        str, typer.Option(help="digits, emotion, lips, or, with --manifest, a name of your choice for your own task.")
    ] = "digits",
    manifest: Manifest = None,
    like: Annotated[
        str | None,
        typer.Option(help="With --manifest: the task whose stems and recipe to use, such as emotion for faces."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the checkpoint.", show_default="checkpoints/TASK in the current folder"),
    ] = None,
    recipe: Annotated[
        RecipeName | None,
        typer.Option(
            help="own: as digits was trained; warm: as emotion was, with each stem trained alone first; "
            "sync: as lips was; textbook: Adam, learning rate 0.001, batches of 32, 10 epochs.",
            show_default="the task's own",
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Number of epochs.", show_default="the recipe's")] = None,
    samples: Annotated[int | None, typer.Option(help="Samples in an epoch.", show_default="the recipe's")] = None,
    streams: Annotated[
        int | None,
        typer.Option(min=0, help="Streams of inputs, taught at the end; 0: none.", show_default="the recipe's"),
    ] = None,
    start_from: Annotated[Path | None, typer.Option(help="Folder of a checkpoint whose weights to start from.")] = None,
    data_dir: Data = None,
    cache: Cache = Path("cache"),
    runs: Runs = Path("runs"),
    seed: Seed = 0,
) -> None:
    """Train a task. The same command again resumes a run that was interrupted, from its last complete epoch."""
    from dataclasses import replace

    from mmdemo.data.sources.folder import data_folder
    from mmdemo.data.tasks.registry import own_task, task_named
    from mmdemo.train.dataset import Data
    from mmdemo.train.loop import processes
    from mmdemo.train.recipes import RECIPES, StreamRecipe
    from mmdemo.train.run import train_task

    together = processes()
    say = _complain if together.is_local_main_process else (lambda sentence: None)

    chosen = own_task(task, manifest, like=like and task_named(like)) if manifest else task_named(task)
    changes = {name: value for name, value in (("epochs", epochs), ("samples", samples)) if value is not None}
    out = out or TRAINED / chosen.name
    with together.local_main_process_first():
        data = Data.of(chosen, data_folder(data_dir), cache, seed=seed, say=say)
    name = recipe.value if recipe else chosen.recipe
    how = replace(RECIPES[name], **changes)
    if streams is not None:
        taught = how.streams or StreamRecipe()
        how = replace(how, streams=replace(taught, streams=replace(taught.streams, count=streams)) if streams else None)
    train_task(data, out, runs / f"{chosen.name}-{name}-{seed}", recipe=how, start_from=start_from)
    together.print(
        f"The checkpoint is in {out}.\n"
        f"Measure it: python -m mmdemo evaluate --checkpoint {out}{f' --manifest {manifest}' * bool(manifest)}\n"
        f"Show it: python -m mmdemo serve --checkpoints {out.parent}"
    )


def _trained(
    checkpoint: Path, manifest: Path | None, data_dir: Path | None, cache: Path, seed: int, device: str | None = None
) -> tuple[Predictor, TaskData]:
    """A checkpoint, ready, and the data of its task."""
    from mmdemo.data.sources.folder import data_folder
    from mmdemo.data.tasks.registry import task_of
    from mmdemo.inference.predictor import Predictor
    from mmdemo.train.dataset import Data

    predictor = _quietly(Predictor.load, checkpoint, device)
    task = task_of(predictor.config, manifest)
    return predictor, Data.of(task, data_folder(data_dir), cache, seed=seed, say=_complain)


def _command() -> str:
    """The command that is running, as it stands beside the figures that it measures."""
    return " ".join(["python -m mmdemo", *sys.argv[1:]])


@app.command()
def calibrate(
    checkpoint: Annotated[Path, typer.Option(help="Folder of the trained task.")] = TRAINED / "digits",
    manifest: Manifest = None,
    data_dir: Data = None,
    cache: Cache = Path("cache"),
    seed: Seed = 0,
) -> None:
    """Fit anew from which probability a checkpoint's answers are clear or likely; training ends with this, too."""
    from mmdemo.train.recipes import RECIPES
    from mmdemo.train.run import calibrate_task

    predictor, data = _trained(checkpoint, manifest, data_dir, cache, seed)
    calibrate_task(predictor.model, data, checkpoint, recipe=RECIPES[data.task.recipe])
    for given, found in predictor.config.calibration.items():
        clear, likely = (f"{level} from {bar:.2%}" for level, bar in (("clear", found.clear), ("likely", found.likely)))
        typer.echo(f"{given}: temperature {found.temperature:.2f}, {clear}, {likely}")


@app.command("teach-streams")
def teach_streams(
    checkpoint: Annotated[Path, typer.Option(help="Folder of the trained task.")] = TRAINED / "digits",
    out: Annotated[
        Path | None, typer.Option(help="Folder for the checkpoint.", show_default="that of the trained task")
    ] = None,
    manifest: Manifest = None,
    streams: Annotated[int | None, typer.Option(min=1, help="Number of streams.", show_default="the recipe's")] = None,
    passes: Annotated[
        int | None, typer.Option(min=1, help="How often each is read.", show_default="the recipe's")
    ] = None,
    rows: Annotated[
        int | None,
        typer.Option(min=1, help="Training rows of each sense, at most; all take long.", show_default="all"),
    ] = None,
    data_dir: Data = None,
    cache: Cache = Path("cache"),
    seed: Seed = 0,
) -> None:
    """Teach a checkpoint to carry its memory on, as training does at its end: one input after another, for minutes."""
    from dataclasses import replace

    from mmdemo.train.recipes import RECIPES, StreamRecipe
    from mmdemo.train.run import teach_task

    predictor, data = _trained(checkpoint, manifest, data_dir, cache, seed)
    data = data.fewer("train", rows) if rows else data
    how = RECIPES[data.task.recipe].streams or StreamRecipe()
    how = replace(how, passes=passes or how.passes, streams=replace(how.streams, count=streams or how.streams.count))
    losses = teach_task(
        predictor.model, data, out or checkpoint, recipe=replace(RECIPES[data.task.recipe], streams=how)
    )
    typer.echo(f"The loss of the streams fell from {losses[0]:.3f} to {losses[-1]:.3f}. It is in {out or checkpoint}.")
    typer.echo(f"Measure it: python -m mmdemo evaluate --streams --checkpoint {out or checkpoint}")


@app.command()
def evaluate(
    checkpoint: Annotated[
        Path, typer.Option(help="Folder of the trained task; the results are written there.")
    ] = TRAINED / "digits",
    manifest: Manifest = None,
    strangers: Annotated[
        bool,
        typer.Option(help="Measure speakers that training never heard instead: trains models that are thrown away."),
    ] = False,
    streams: Annotated[
        bool, typer.Option("--streams", help="Measure a memory that is carried on instead: writes streams.json.")
    ] = False,
    data_dir: Data = None,
    cache: Cache = Path("cache"),
    runs: Runs = Path("runs"),
    seed: Seed = 0,
) -> None:
    """Measure a checkpoint on the test split, and write metrics.json and the model card into its folder."""
    from mmdemo.evaluate.run import (
        evaluate_streams,
        evaluate_sync,
        evaluate_task,
        study_left_out_folds,
        study_unheard_speakers,
    )
    from mmdemo.evaluate.tables import tables
    from mmdemo.train.recipes import RECIPES

    _, data = _trained(checkpoint, manifest, data_dir, cache, seed)
    task = data.task
    command = _command()
    if streams:
        typer.echo(json.dumps(evaluate_streams(data, checkpoint, command=command), indent=2))
        return
    if strangers:
        run = runs / f"{task.name}-strangers-{seed}"
        study = study_left_out_folds if task.folds else study_unheard_speakers
        metrics = study(data, checkpoint, run, recipe=RECIPES[task.recipe], command=command)
    elif task.folds:
        metrics = evaluate_sync(data, checkpoint, command=command)
    else:
        metrics = evaluate_task(data, checkpoint, command=command)
    typer.echo(tables(metrics))


@app.command()
def predict(
    text: Annotated[str | None, typer.Option(help="A text.")] = None,
    image: Annotated[str | None, typer.Option(help="A picture file, or FILE#N for picture N of an IDX file.")] = None,
    audio: Annotated[str | None, typer.Option(help="A recording: WAV, MP3, M4A, Ogg, FLAC, WebM, ...")] = None,
    video: Annotated[
        str | None,
        typer.Option(
            help="A video of somebody who speaks, WebM, MP4 or MOV, or a part of one, or with its sound moved: "
            "FILE#t=0.5,2.5, FILE#late=0.24. With --checkpoint checkpoints/lips."
        ),
    ] = None,
    manifest: Annotated[
        Path | None, typer.Option(help="A table with many inputs in place of one: columns text, image, audio, video.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="With --manifest: the table of predictions to write.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    trace: Annotated[Path | None, typer.Option(help="NPZ file to write every gate and state to.")] = None,
    report: Annotated[
        Path | None, typer.Option(help="HTML file to write the answer and the drawing to; it works offline.")
    ] = None,
    order: Annotated[
        str | None,
        typer.Option(help="Order in which the inputs are read.", show_default="text,image,audio, if the task has them"),
    ] = None,
    ray: Ray = None,
    checkpoint: Checkpoint = CHECKPOINTS / "digits",
    device: Device = None,
) -> None:
    """Predict the label of a text, a picture, a recording or any combination, or of every row of a manifest."""
    inputs = {"text": text, "image": image, "audio": audio, "video": video}
    single = [name for name, given in inputs.items() if given is not None]
    if manifest and (single or as_json or trace or report):
        raise typer.BadParameter("--manifest can be combined with --out, --ray, --checkpoint and --device only")
    if ray and not manifest:
        raise typer.BadParameter("--ray needs --manifest: one input is no work for a cluster")
    if bool(manifest) != bool(out):
        raise typer.BadParameter("--manifest and --out need each other")
    if not manifest and not single:
        raise typer.BadParameter("Give --text, --image, --audio or --video, or --manifest with --out")

    _use_one_thread()
    from mmdemo.data.manifest.manifest import load_image_cell
    from mmdemo.inference.predictions import Predictions, in_words, save_trace
    from mmdemo.inference.predictor import Predictor

    if manifest:
        job = Predictions(manifest, checkpoint, out, device)
        _run(job, ray)
        failed = job.join()
        typer.echo(f"Wrote {out}. Rows that could not be predicted: {failed}" + "; see the column note." * bool(failed))
        return
    predictor = _quietly(Predictor.load, checkpoint, device)
    sources = {name: given for name, given in inputs.items() if given is not None}
    if image is not None:
        sources["image"] = partial(load_image_cell, image)
    result = predictor.predict(**sources, order=order and order.split(","))
    typer.echo(json.dumps(result.to_json(), ensure_ascii=False, indent=2) if as_json else in_words(result))
    if trace:
        save_trace(result, trace)
    if report:
        from mmdemo.app.questions import kept
        from mmdemo.app.reading import explained
        from mmdemo.app.report import report as standalone

        reading = explained(predictor, result)
        answers = kept(predictor.model.lstm, predictor.readout(result.used), reading.result, reading.explanation)
        page = standalone(reading, replies=answers)
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_bytes(page)


@app.command("explain-all")
def explain_all(
    manifest: Annotated[Path, typer.Argument(help="A table with the columns text, image and audio.")],
    out: Annotated[Path, typer.Option(help="Folder for the Parquet files.")],
    ray: Ray = None,
    checkpoint: Checkpoint = CHECKPOINTS / "digits",
    device: Device = None,
) -> None:
    """Explain every row of a manifest: its prediction, ledger and shares. Resumes where it was interrupted."""
    _use_one_thread()
    from mmdemo.inference.explanations import Explanations

    job = Explanations(manifest, checkpoint, out, device)
    done = _run(job, ray)
    troubles = f"; {done.failed} could not be read, see the column note" * bool(done.failed)
    typer.echo(f"{done.rows} rows explained now{troubles}. They are in {out}.")


@app.command("live-weights")
def export_live_weights(
    out: Annotated[Path, typer.Option(help="Folder for the file; its name has a hash of what is in it.")],
    checkpoint: Checkpoint = CHECKPOINTS / "digits",
) -> None:
    """Write the weights that the page needs to run a task's LSTM itself. The server makes them itself when needed."""
    _use_one_thread()
    from mmdemo.inference.live_weights import write_live_weights
    from mmdemo.inference.predictor import Predictor

    typer.echo(write_live_weights(_quietly(Predictor.load, checkpoint, "cpu").model, out))


@app.command()
def findings(
    checkpoint: Annotated[
        Path, typer.Option(help="Folder of the trained task; findings.json is written there.")
    ] = TRAINED / "digits",
    manifest: Manifest = None,
    data_dir: Data = None,
    cache: Cache = Path("cache"),
    seed: Seed = 0,
) -> None:
    """Look for what single units of a checkpoint do, and for what forgetting is good for; the page's tour tells it."""
    _use_one_thread()
    from mmdemo.evaluate.cards import write_figures
    from mmdemo.evaluate.findings import find
    from mmdemo.evaluate.results import FINDINGS

    predictor, data = _trained(checkpoint, manifest, data_dir, cache, seed, "cpu")
    about = {"task": data.task.name, "command": _command(), "seed": seed}
    found = find(predictor, data.split("validation"), data.split("test"), seed=seed, say=_complain)
    write_figures(checkpoint / FINDINGS, about | found)
    typer.echo(json.dumps(found, indent=2))


@app.command()
def bench(
    checkpoint: Checkpoint = CHECKPOINTS / "digits",
    device: Device = None,
    out: Annotated[Path | None, typer.Option(help="JSON file to write the measurements to.")] = None,
) -> None:
    """Measure how long each stage takes on this machine, for one visitor of a server."""
    _use_one_thread()  # as the server does
    from mmdemo.evaluate.bench import main

    main(checkpoint, device, out)


@app.command("manifest")
def make_manifest(
    source: Annotated[
        str, typer.Argument(help="A folder with one folder per class, a manifest to check, or digits or emotion.")
    ],
    out: Annotated[Path | None, typer.Option(help="The manifest to write: CSV or Parquet.")] = None,
    data_dir: Data = None,
    seed: Seed = 0,
) -> None:
    """Make a manifest from folders or for a task (with --out), or check one. Every row that cannot be used is named."""
    from mmdemo.data.manifest.manifest import manifest_from_folders, read_manifest, write_manifest
    from mmdemo.data.sources.folder import data_folder
    from mmdemo.data.tasks.registry import TASKS

    made = source in TASKS or Path(source).is_dir()
    if made != bool(out):
        raise typer.BadParameter(
            "A folder or a task needs --out, the manifest to write; a manifest that is only checked takes no --out"
        )
    if source in TASKS:
        TASKS[source].make_manifest(data_folder(data_dir), out, seed)
    elif made:
        write_manifest(manifest_from_folders(source), out)
    rows, problems = read_manifest(out or source, seed=seed)
    for problem in problems:
        _complain(str(problem))
    counts = rows.groupby(["label", "split"]).size().unstack(fill_value=0)
    typer.echo(counts.to_string() if len(rows) else "No row can be used.")
    typer.echo(f"{len(rows)} rows can be used, {len(problems)} cannot.")


@app.command("voices")
def make_voices(
    out: Annotated[Path, typer.Option(help="Folder for the recordings and their manifest.")],
    kokoro: Annotated[Path, typer.Option(help="Folder of the Kokoro synthesiser; downloaded if missing.")] = Path(
        "kokoro"
    ),
    count: Annotated[int, typer.Option(help="Number of recordings.")] = 6000,
    jobs: Jobs = None,
    seed: Seed = 0,
) -> None:
    """Synthesise training data: digits in many voices, other words, other sounds. Resumes where it was interrupted."""
    from mmdemo.data.synthetic.kokoro import fetch_kokoro
    from mmdemo.data.synthetic.voices import make_voices

    manifest = make_voices(out, fetch_kokoro(kokoro), count=count, seed=seed, jobs=jobs, say=_complain)
    typer.echo(f"Wrote {manifest}. Train with it: MMDEMO_EXTRA_DATA={out} python -m mmdemo train")


@app.command("faces")
def make_faces(
    out: Annotated[Path, typer.Option(help="Folder for the videos and their manifest.")],
    count: Annotated[int, typer.Option(help="Number of videos, twelve of every speaker.")] = 144,
    jobs: Jobs = None,
    seed: Seed = 0,
) -> None:
    """Synthesise training data: drawn faces that speak, by way of espeak-ng. Resumes where it was interrupted."""
    from mmdemo.data.synthetic.talking import make_faces

    manifest = make_faces(out, count=count, seed=seed, jobs=jobs, say=_complain)
    typer.echo(f"Wrote {manifest}. Train with it: MMDEMO_EXTRA_DATA={out} python -m mmdemo train --task lips")


@app.command("pictures")
def make_pictures(
    out: Annotated[Path, typer.Option(help="Folder for the pictures and their manifest.")],
    fashion: Annotated[
        Path | None,
        typer.Option(help="Folder of Fashion-MNIST's files.", show_default="fashion-mnist in the data folder"),
    ] = None,
    count: Annotated[int, typer.Option(help="Number of pictures to draw, besides the sets of digits.")] = 20_000,
    jobs: Jobs = None,
    data_dir: Data = None,
    seed: Seed = 0,
) -> None:
    """Synthesise training data: digits by many hands, and pictures without any. Resumes where it was interrupted."""
    from mmdemo.data.sources.digits import FASHION, fetch_fashion, fetch_mnist
    from mmdemo.data.sources.folder import data_folder
    from mmdemo.data.sources.handwriting import read_pendigits, read_semeion
    from mmdemo.data.synthetic.pictures import make_pictures

    data = data_folder(data_dir)
    clothes = fetch_fashion(fashion or data / FASHION)
    people = {"semeion": read_semeion(data), "pendigits": read_pendigits(data)}
    manifest = make_pictures(out, fetch_mnist(data), clothes, people, count=count, seed=seed, jobs=jobs, say=_complain)
    typer.echo(f"Wrote {manifest}. Train with it: MMDEMO_EXTRA_DATA={out} python -m mmdemo train")


def _run(job: Job, ray: str | None) -> Done:
    """Do a job in this process, or on a cluster."""
    from mmdemo.inference.jobs import run

    if not ray:
        return run(job)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would call home
    from mmdemo.inference.cluster import Cluster

    return run(job, Cluster(ray))


def _use_one_thread() -> None:
    """Have NumPy and PyTorch compute in one thread unless the environment says otherwise; to be called before both.

    One input is too little work to share: on 16 cores, 16 threads took ten times as long for it as one.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def _check_address(host: str, port: int) -> None:
    """Refuse an address that a server cannot listen on, before it takes its time to start."""
    try:
        family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as trial:
            if os.name == "posix":  # elsewhere it would let two servers share a port
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise typer.BadParameter(f"--host {host} and --port {port}: nothing can listen there: {why}") from error


def _complain(sentence: str) -> None:
    """Print a warning to stderr and carry on."""
    typer.echo(sentence, err=True)


def _quietly(load: Callable[..., Loaded], *arguments: Any) -> Loaded:
    """Load a checkpoint with the hub library kept silent, because a program may read what we print."""
    with contextlib.redirect_stdout(None):
        return load(*arguments)


def main() -> None:
    """Run a command. An error is printed as one line, and the exit status is 2."""
    _use_utf8()
    make_printable()
    try:
        app()
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        print(" ".join(_sentence(error).split()), file=sys.stderr)
        sys.exit(2)


def _use_utf8() -> None:
    """Start again in Python's UTF-8 mode where names of files are not UTF-8: a visitor's may hold any sign."""
    if sys.getfilesystemencoding() != "utf-8" and os.environ.get("PYTHONUTF8") != "1":
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def _sentence(error: Exception) -> str:
    """What to tell the person at the terminal."""
    if isinstance(error, InputError | FileNotFoundError | CheckpointError):
        return str(error)
    if isinstance(error, ModuleNotFoundError) and error.name and not error.name.startswith("mmdemo"):
        package = error.name.split(".")[0]
        if package == "ray":
            return "--ray needs the package ray, which is not installed: pip install 'mmdemo[cluster]'"
        return (
            f"This command needs the package {package}, which is not installed. Training and "
            "evaluation need more than the page does: pip install 'mmdemo[train]', or make train in the source tree"
        )
    return f"{type(error).__name__}: {error} (set {DEBUG}=1 to see where it happened)"
