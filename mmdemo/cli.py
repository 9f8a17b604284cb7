"""The command line: ``python -m mmdemo COMMAND``; ``--help`` lists them.

Every command imports what it needs itself, so that ``--help`` answers at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from mmdemo.messages import InputError

Loaded = TypeVar("Loaded")
ROOT = Path(__file__).resolve().parents[1]
CHECKPOINTS = ROOT / "checkpoints"
DEBUG = "MMDEMO_DEBUG"  # set, this environment variable lets an unexpected error show where it came from

app = typer.Typer(
    help="Watch one LSTM read, look and listen.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Checkpoint = Annotated[Path, typer.Option(help="Folder of the trained task.")]
Manifest = Annotated[Path | None, typer.Option(help="A table of your own: text, image, audio, label, split.")]
Device = Annotated[str | None, typer.Option(help="cuda, mps or cpu; the best there is unless given.")]
Data = Annotated[Path | None, typer.Option(help="Folder of the data sets; $MMDEMO_DATA or data unless given.")]
Cache = Annotated[Path, typer.Option(help="Folder for what need not be computed twice.")]
Runs = Annotated[Path, typer.Option(help="Folder for logs (TensorBoard) and what an interrupted run goes on from.")]
Seed = Annotated[int, typer.Option(help="Of everything random.")]


class RecipeName(str, Enum):
    """The training recipes, by the names that ``mmdemo.train.recipes.RECIPES`` has for them."""

    own = "own"
    warm = "warm"
    textbook = "textbook"


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to answer at; 0.0.0.0 for other machines too.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to answer at.")] = 7860,
    rate: Annotated[float, typer.Option(help="Requests a minute that one visitor may make; 0 for no limit.")] = 600,
    embed: Annotated[str, typer.Option(help="Sites that may show the page in a frame, as in CSP.")] = "'self'",
) -> None:
    """Open the page, until Ctrl+C or SIGTERM; what runs then is finished first. GET /health says how it is."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy looks: the cores are for visitors side by side
    from mmdemo import server as serve
    from mmdemo.app import build

    serve.serve(build(warm=True), server_name=host, server_port=port, per_minute=rate, frames=embed)


@app.command()
def train(
    task: Annotated[str, typer.Option(help="One that comes with data, or a name for your own manifest's.")] = "digits",
    manifest: Manifest = None,
    like: Annotated[
        str | None,
        typer.Option(help="With --manifest: a task whose stems and recipe to use, such as emotion for faces."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the checkpoint; checkpoints/TASK unless given.")] = None,
    recipe: Annotated[
        RecipeName | None,
        typer.Option(
            help="own: ours; warm: stems learn alone first; textbook: Adam, 0.001, 32, 10 epochs; else the task's."
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="At most so many.")] = None,
    samples: Annotated[int | None, typer.Option(help="Per epoch.")] = None,
    start_from: Annotated[Path | None, typer.Option(help="A checkpoint to take weights from.")] = None,
    data_dir: Data = None,
    cache: Cache = Path("cache"),
    runs: Runs = Path("runs"),
    seed: Seed = 0,
) -> None:
    """Train a task. A run that was interrupted, or killed, goes on from its last whole epoch."""
    from dataclasses import replace

    from mmdemo.data.sources.folder import data_folder
    from mmdemo.data.tasks.registry import own_task, task_named
    from mmdemo.train.dataset import Data
    from mmdemo.train.loop import processes
    from mmdemo.train.recipes import RECIPES
    from mmdemo.train.run import train_task

    together = processes()
    say = _complain if together.is_local_main_process else (lambda sentence: None)

    chosen = own_task(task, manifest, like=like and task_named(like)) if manifest else task_named(task)
    changes = {name: value for name, value in (("epochs", epochs), ("samples", samples)) if value is not None}
    out = out or CHECKPOINTS / chosen.name
    with together.local_main_process_first():
        data = Data.of(chosen, data_folder(data_dir), cache, seed=seed, say=say)
    name = recipe.value if recipe else chosen.recipe
    how = replace(RECIPES[name], **changes)
    train_task(data, out, runs / f"{chosen.name}-{name}-{seed}", recipe=how, start_from=start_from)
    together.print(f"The checkpoint is in {out}. Measure it: python -m mmdemo evaluate --checkpoint {out}")


@app.command()
def evaluate(
    checkpoint: Checkpoint = CHECKPOINTS / "digits",
    manifest: Manifest = None,
    strangers: Annotated[
        bool, typer.Option(help="Instead: train models of sound alone, and leave speakers out.")
    ] = False,
    data_dir: Data = None,
    cache: Cache = Path("cache"),
    runs: Runs = Path("runs"),
    seed: Seed = 0,
) -> None:
    """Measure a checkpoint on its test split; metrics.json and the model card are written beside it."""
    from mmdemo.data.sources.folder import data_folder
    from mmdemo.data.tasks.registry import own_task, task_named
    from mmdemo.evaluate.run import evaluate_task, study_strangers
    from mmdemo.evaluate.tables import tables
    from mmdemo.inference.predictor import Predictor
    from mmdemo.train.dataset import Data
    from mmdemo.train.recipes import RECIPES

    config = _quietly(Predictor.load, checkpoint).config
    task = own_task(config.task, manifest, config) if manifest else task_named(config.task)
    data = Data.of(task, data_folder(data_dir), cache, seed=seed, say=_complain)
    command = " ".join(["python -m mmdemo", *sys.argv[1:]])
    if strangers:
        run = runs / f"{task.name}-strangers-{seed}"
        metrics = study_strangers(data, checkpoint, run, recipe=RECIPES[task.recipe], command=command)
    else:
        metrics = evaluate_task(data, checkpoint, command=command)
    typer.echo(tables(metrics))


@app.command()
def predict(
    text: Annotated[str | None, typer.Option(help="What to read.")] = None,
    image: Annotated[str | None, typer.Option(help="A picture, or FILE#N: the N-th of an IDX file.")] = None,
    audio: Annotated[str | None, typer.Option(help="A recording: wav, flac, ogg or mp3.")] = None,
    manifest: Annotated[Path | None, typer.Option(help="A whole table of inputs instead; needs --out.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where the predictions of a manifest go.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    trace: Annotated[Path | None, typer.Option(help="Write the gates and states to this NPZ file.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write all of it as one HTML file that opens anywhere.")] = None,
    order: Annotated[str, typer.Option(help="In which order to read.")] = "text,image,audio",
    checkpoint: Checkpoint = CHECKPOINTS / "digits",
    device: Device = None,
) -> None:
    """Say what is in a text, a picture, a sound, or any of them; or in a whole manifest."""
    single = [name for name, given in (("text", text), ("image", image), ("audio", audio)) if given is not None]
    if manifest and (single or as_json or trace or report):
        raise typer.BadParameter("--manifest goes with --out, --checkpoint and --device only")
    if bool(manifest) != bool(out):
        raise typer.BadParameter("--manifest and --out go together")
    if not manifest and not single:
        raise typer.BadParameter("give --text, --image or --audio, or --manifest with --out")

    from mmdemo.data.manifest.manifest import load_image_cell
    from mmdemo.inference.predictions import in_words, predict_manifest, save_trace
    from mmdemo.inference.predictor import Predictor

    predictor = _quietly(Predictor.load, checkpoint, device)
    if manifest:
        failed = predict_manifest(predictor, manifest, out)
        typer.echo(f"Wrote {out}. Rows that could not be predicted: {failed}" + "; see the column note." * bool(failed))
        return
    picture = None if image is None else load_image_cell(image)
    result = predictor.predict(text=text, image=picture, audio=audio, order=order.split(","))
    typer.echo(json.dumps(result.to_json(), ensure_ascii=False, indent=2) if as_json else in_words(result))
    if trace:
        save_trace(result, trace)
    if report:
        from mmdemo.app.reading import explained
        from mmdemo.app.report import report as standalone

        page = standalone(explained(predictor, result))
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_bytes(page)


@app.command("explain-all")
def explain_all(
    manifest: Annotated[Path, typer.Argument(help="A table of inputs: text, image, audio.")],
    out: Annotated[Path, typer.Option(help="Folder for the Parquet files of all shards.")],
    shards: Annotated[int, typer.Option(min=1, help="Into how many the rows are divided.")] = 1,
    shard: Annotated[int | None, typer.Option(min=0, help="Which one, from 0; all of them unless given.")] = None,
    checkpoint: Checkpoint = CHECKPOINTS / "digits",
    device: Device = None,
) -> None:
    """Explain every row of a manifest: predictions, ledger and shares. Goes on where it stopped."""
    if shard is not None and shard >= shards:
        raise typer.BadParameter(f"--shard counts from 0: the last of {shards} is {shards - 1}")

    from mmdemo.inference.predictor import Predictor
    from mmdemo.inference.shards import Shard, explain_all

    predictor = _quietly(Predictor.load, checkpoint, device)
    for index in range(shards) if shard is None else [shard]:
        done, failed = explain_all(predictor, checkpoint, manifest, out, Shard(index, shards))
        troubles = f"; {failed} could not be read, see the column note" * bool(failed)
        typer.echo(f"Shard {index} of {shards}: {done} rows explained now{troubles}.")


@app.command()
def bench(
    checkpoint: Checkpoint = CHECKPOINTS / "digits",
    device: Device = None,
    out: Annotated[Path | None, typer.Option(help="A JSON file to write the measurements to.")] = None,
) -> None:
    """Measure what everything costs, here and now, to one visitor of a server."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # as the server has it
    from mmdemo.evaluate.bench import main

    main(checkpoint, device, out)


@app.command("manifest")
def make_manifest(
    source: Annotated[str, typer.Argument(help="A folder of folders named after classes, a manifest, or a task.")],
    out: Annotated[Path | None, typer.Option(help="The manifest to write, CSV or Parquet.")] = None,
    data_dir: Data = None,
    seed: Seed = 0,
) -> None:
    """Make a manifest from folders or by a task's recipe (with --out), then check it: every bad row is named."""
    from mmdemo.data.manifest.manifest import manifest_from_folders, read_manifest, write_manifest
    from mmdemo.data.sources.folder import data_folder
    from mmdemo.data.tasks.registry import TASKS

    made = source in TASKS or Path(source).is_dir()
    if made != bool(out):
        raise typer.BadParameter(
            "--out names the manifest that is made of a folder or a task, and goes with those only"
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
    kokoro: Annotated[Path, typer.Option(help="The synthesiser's folder; fetched if it is not there.")] = Path(
        "kokoro"
    ),
    count: Annotated[int, typer.Option(help="How many recordings.")] = 6000,
    jobs: Annotated[int | None, typer.Option(help="Processes; one for each core unless given.")] = None,
    seed: Seed = 0,
) -> None:
    """Synthesise digits in many voices, other words and other sounds, to train with. Goes on where it stopped."""
    from mmdemo.data.synthetic.kokoro import fetch_kokoro
    from mmdemo.data.synthetic.voices import make_voices

    manifest = make_voices(out, fetch_kokoro(kokoro), count=count, seed=seed, jobs=jobs, say=_complain)
    typer.echo(f"Wrote {manifest}. Train with it: MMDEMO_EXTRA_DATA={out} python -m mmdemo train")


@app.command("pictures")
def make_pictures(
    out: Annotated[Path, typer.Option(help="Folder for the pictures and their manifest.")],
    fashion: Annotated[
        Path | None, typer.Option(help="Folder of Fashion-MNIST's files; fashion-mnist in the data's unless given.")
    ] = None,
    count: Annotated[int, typer.Option(help="How many pictures.")] = 9000,
    jobs: Annotated[int | None, typer.Option(help="Processes; one for each core unless given.")] = None,
    data_dir: Data = None,
    seed: Seed = 0,
) -> None:
    """Compose photos of digits, and make pictures of what is none, to train with. Goes on where it stopped."""
    from mmdemo.data.sources.digits import FASHION, fetch_fashion, fetch_mnist
    from mmdemo.data.sources.folder import data_folder
    from mmdemo.data.synthetic.pictures import make_pictures

    data = data_folder(data_dir)
    clothes = fetch_fashion(fashion or data / FASHION)
    manifest = make_pictures(out, fetch_mnist(data), clothes, count=count, seed=seed, jobs=jobs, say=_complain)
    typer.echo(f"Wrote {manifest}. Train with it: MMDEMO_EXTRA_DATA={out} python -m mmdemo train")


def _complain(sentence: str) -> None:
    """Say what is wrong with the data, and go on."""
    typer.echo(sentence, err=True)


def _quietly(load: Callable[..., Loaded], *arguments: Any) -> Loaded:
    """Load a checkpoint without the hub library's remarks, for what we print may be read by a program."""
    with contextlib.redirect_stdout(None):
        return load(*arguments)


def main() -> None:
    """Run a command. What goes wrong is said in one line, and ends with the exit status 2."""
    try:
        app()
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        ours = isinstance(error, InputError | FileNotFoundError)
        said = str(error) if ours else f"{type(error).__name__}: {error} ({DEBUG}=1 shows where it happened)"
        print(" ".join(said.split()), file=sys.stderr)
        sys.exit(2)
