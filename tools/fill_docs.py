"""Put what was measured into the README, the documentation and the model cards: ``python tools/fill_docs.py``."""

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from mmdemo.data.tasks.registry import TASKS
from mmdemo.evaluate.bench_tables import cuda_table, speed_tables
from mmdemo.evaluate.cards import fill
from mmdemo.evaluate.results import METRICS, STREAMS
from mmdemo.evaluate.stream_tables import streams_table
from mmdemo.evaluate.tables import percent, tables
from mmdemo.resources import CHECKPOINTS, ROOT
from mmdemo.train.recipes import RECIPES

MEASUREMENTS = ROOT / "measurements"


def main() -> None:
    """Fill every place."""
    for task in measured():
        fill(CHECKPOINTS / task / "README.md", "figures", tables(read(CHECKPOINTS / task / METRICS)))
    for file, places in generated().items():
        for name, body in places.items():
            fill(ROOT / file, name, body)


def measured() -> list[str]:
    """The tasks whose checkpoint is here with its figures."""
    return [task for task in TASKS if (CHECKPOINTS / task / METRICS).is_file()]


def generated() -> dict[str, dict[str, str]]:
    """By file: the name of every place in it that is filled, and what goes there."""
    figures = {task: read(CHECKPOINTS / task / METRICS) for task in measured()}
    names = ("serving", "training", "scaling", "bench_cuda")
    serving, training, scaling, cuda = (read(MEASUREMENTS / f"{name}.json") for name in names)
    return {
        "README.md": {"figures": summary_table(figures["digits"], serving)},
        "docs/evaluation.md": {
            **{place: body for task in figures for place, body in task_places(task, figures[task]).items()},
            "speed": speed_tables(read(CHECKPOINTS / "digits" / "bench.json")),
            "cuda": cuda_table(cuda),
        },
        "docs/hosting.md": {"serving": serving_table(serving)},
        "docs/security.md": {"hostile": hostile_table(serving)},
        "docs/scaling.md": {"scaling": scaling_table(scaling)},
        "docs/own-labels.md": {"training": training_table(training)},
    }


def task_places(task: str, found: dict[str, Any]) -> dict[str, str]:
    """A task's places in ``docs/evaluation.md``: its tables and, if it can be taught streams, those of streams."""
    places = {task: tables(found)}
    if RECIPES[TASKS[task].recipe].streams and not TASKS[task].folds:
        places[f"{task}_streams"] = streams_table(read(CHECKPOINTS / task / STREAMS))
    return places


def scaling_table(found: dict[str, Any]) -> str:
    """What large manifests cost, as a Markdown table; reckoned for more rows than were measured."""
    lines = ["| command | what was measured | result |", "|---|---|---|"]
    if rows := found.get("rows"):
        each, ten, start = rows["milliseconds a row"], rows["ten times the rows"], rows["start, seconds"]
        said = f"{each} ms of one core and {rows['bytes a row']:,} bytes a row, {start} s to start; "
        said += f"ten times the rows take {ten['times the processor']} times the time, "
        said += f"and {ten['MiB'][1]:,} MiB in place of {ten['MiB'][0]:,}"
        lines.append(f"| `{rows['command']}` | {rows['rows']:,} mixed rows in one process | {said} |")
        if before := rows.get("before"):
            said = f"{before['milliseconds a row']} ms a row: {before['times as many rows a second']} times"
            lines.append(f"| the same | against a loop of single rows, commit {before['commit']} | {said} |")
    if cluster := found.get("cluster"):
        for name in ("undisturbed", "one host killed"):
            one = cluster[name]
            said = f"{one['times two plain processes']} times what two plain processes take; every row once; "
            said += f"furthest from one process: {one['furthest from one process']:.0e}"
            lines.append(f"| `{cluster['command']}` | {cluster['rows']:,} rows on two hosts, {name} | {said} |")
    if replicas := found.get("replicas"):
        said = "; ".join(f"{n:,} complete {stage}" for stage, n in replicas["complete"].items())
        said += "; " + ("; ".join(f"{n} {what}" for what, n in replicas["not"].items()) or "no failed request")
        what = f"{replicas['requests']:,} readings by {replicas['visitors']} visitors, two servers behind nginx"
        lines.append(f"| `{replicas['command']}` | {what} | {said} |")
    if rows:
        for power in (4, 6, 8):
            hours = rows["milliseconds a row"] * 10**power / 3.6e6
            size = rows["bytes a row"] * 10**power / 1e9
            said = (
                f"{hours:,.2g} core hours, {size:,.2g} GB"
                if hours < 100
                else f"{hours:,.0f} core hours, {size:,.0f} GB"
            )
            lines.append(f"| reckoned from the first line | 10^{power} rows | {said} |")
    return "\n".join(lines)


def read(file: Path) -> dict[str, Any]:
    """What a command wrote; nothing where it has not been given yet."""
    if not file.is_file():
        return {}
    return json.loads(file.read_text(encoding="utf-8"))


def summary_table(digits: dict[str, Any], serving: dict[str, Any]) -> str:
    """Six figures that say most about the digits task and its server, as a Markdown table."""
    fusion, strangers, truth, load = digits["fusion"], digits["strangers"], digits["truth"], serving["load"]
    every = max(fusion["accuracy"], key=lambda subset: subset.count("+"))
    single = max(accuracy for subset, accuracy in fusion["accuracy"].items() if "+" not in subset)
    area = {name: mean for name, (mean, _) in truth["kinds"]["all"]["area"].items()}
    picture, corrections = digits["alone"]["image"], digits["kinds"]["correction"]
    rows = [
        ("Handwritten digit, alone", f"{percent(picture['accuracy'])} of {picture['n']:,} right"),
        (
            'Corrections such as "three, no wait, five"',
            f"{percent(corrections['accuracy'])} of {corrections['n']:,} right; "
            f"a bag of words gets {percent(digits['bags']['words'])}",
        ),
        (
            "Spoken digit from a speaker left out of training (a model of sound alone)",
            f"{percent(strangers['left_out']['mean'])} right, the mean of {len(strangers['left_out']['by_speaker'])}",
        ),
        (
            "All three inputs, each degraded",
            f"{percent(fusion['accuracy'][every])} of {fusion['n']:,} right; the best one alone gets {percent(single)}",
        ),
        (
            "Faithfulness (deletion): area under the answer's probability as the ledger's top steps are removed "
            "(lower is better)",
            f"{area['ledger']:.3f}; integrated gradients {area['gradients']:.3f}, random orders {area['random']:.3f}",
        ),
        (
            f"Answers a second to {load['clients']} clients at once, on {load['cores']} cores",
            f"{median(list(load['per_second'].values())[-1]):.1f}; 95 % within {load['seconds']['p95']} s",
        ),
    ]
    return "\n".join(
        [
            f"Digits task, by `{digits['command']}`, seed {digits['seed']}, on the test split ({digits['split']}); "
            f"the third row by `{strangers['command']}`, the last by `{load['command']}`.",
            "",
            "| what | figure |",
            "|---|---|",
            *(f"| {what} | {figure} |" for what, figure in rows),
        ]
    )


def hostile_table(found: dict[str, Any]) -> str:
    """What ``tools/serving hostile`` found, beside its bars, as a Markdown table."""
    rows = []
    for run in (run for name, run in found.items() if name.startswith("hostile")):
        for bar, one in run["bars"].items():
            told = f"{one['found']}" if one["met"] else f"**{one['found']}**"
            rows.append(f"| `{run['command']}` | {bar} | {told} | {one['at most']:g} |")
    return "\n".join(["| command | what | found | at most |", "|---|---|---|---|", *rows])


def serving_table(found: dict[str, Any]) -> str:
    """What ``tools/serving`` measured, as a Markdown table."""
    load, soak, fuzz, start, stop = (found[name] for name in ("load", "soak", "fuzz", "start", "stop"))
    memory, alone, many = soak["MiB"], *(median(rates) for rates in load["per_second"].values())
    killed, again = stop["SIGKILL"], stop["start after SIGKILL"]
    rows = [
        (
            load,
            f"{load['clients']} clients at once, on the same {load['cores']} cores as the server",
            f"{many:.1f} answers a second, {load['ratio']} times the single-client throughput ({alone:.1f}); 95 % "
            f"within {load['seconds']['p95']} s; {load['refused']} refused; "
            + (f"{load['wrong']} answers differ from" if load["wrong"] else "all answers equal those of")
            + f" single-client runs (to within {load['allowed']:g})",
        ),
        (
            soak,
            f"{soak['requests']:,} requests, valid and broken, of every kind",
            f"{len(soak['failures'])} failures, {len(soak['unexpected in the log'])} unexpected errors, "
            f"{len(soak['files left after the deletion time'])} files left; {memory['last half']:.0f} MiB in all "
            f"processes, {memory['growth']} more in the second half than in the first",
        ),
        (
            fuzz,
            f"{fuzz['through preprocessing']:,} generated inputs to preprocessing, {fuzz['through HTTP']} over HTTP",
            f"{fuzz['unhandled']} unhandled errors",
        ),
        (
            start,
            "from the command to the first answer",
            f"the page is up after {start['page against imports']} times as long as `import gradio, torch, librosa` "
            f"takes; the first run takes {start['first against later']} times as long as a later one",
        ),
        (
            stop,
            "stopped while eight runs are in progress",
            f"SIGTERM: {stop['SIGTERM']['runs'].get('complete', 0)} finished; SIGKILL: "
            f"{killed['of them left']} processes and {len(again['files left from before'])} files left, "
            f"and the next start is {again['health']}",
        ),
    ]
    return "\n".join(
        [
            "| command | what it does | result |",
            "|---|---|---|",
            *(f"| `{one['command']}` | {what} | {told} |" for one, what, told in rows),
        ]
    )


def training_table(found: dict[str, Any]) -> str:
    """What ``tools/training.py`` measured, as a Markdown table."""
    rows = ["| command | result |", "|---|---|"]
    for one in found.values():
        if "killed" in one:
            told = (
                f"after {len(one['killed'])} kills and restarts, the final validation loss differs by "
                f"{one['difference']:.1g} from an uninterrupted run (allowed: {one['allowed']:g}); "
                f"{len(one['files left half-written'])} files left half-written"
            )
        else:
            apart = f"{one['largest difference']:.1g} (allowed: {one['allowed']:g})"
            told = f"the first 20 losses of two processes equal those of one within {apart}"
        rows.append(f"| `{one['command']}` | {told} |")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
