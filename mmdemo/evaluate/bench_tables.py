"""Markdown tables made from ``bench.json``: speed, cost and memory."""

from __future__ import annotations

from typing import Any

from mmdemo.evaluate.tables import NAMES

TRACE_COLUMNS = ("steps", "batch", "trace", "hoisted_loop", "scripted_cell", "joined_loop", "to_fastest")


def speed_tables(bench: dict[str, Any]) -> str:
    """What ``python -m mmdemo bench`` measured, as Markdown tables."""
    machine, trace = bench["machine"], bench["trace"]
    lines = [
        f"Measured by `python -m mmdemo bench` on {machine['cores']} cores, torch {machine['torch']}, "
        f"{bench['device']}. These are ratios of times taken within one run:",
        "",
        "| steps | batch | `trace` | loop, inputs multiplied before it | TorchScript cell | diagNNose's way "
        "| `trace` / the fastest of those |",
        "|---|---|---|---|---|---|---|",
        *(f"| {' | '.join(str(row[column]) for column in TRACE_COLUMNS)} |" for row in trace["rows"]),
        "",
        "The four in the middle are times over that of a plain `nn.LSTM`, which shows no gates; one thread. "
        f"100,000 steps take {trace['long_to_short']:.1f} times as long as 10,000. Milliseconds on this machine "
        "(medians; `first` is a visitor's first run):",
        "",
    ]
    stages = list(bench["milliseconds"]["all"])
    lines += ["| given | " + " | ".join(stages) + " |", "|---" * (1 + len(stages)) + "|"]
    for given, times in bench["milliseconds"].items():
        cells = (f"{times[stage]:.1f}" if stage in times else "" for stage in stages)
        lines.append(f"| {NAMES.get(given, given)} | " + " | ".join(cells) + " |")
    why = bench["explanation"]
    lines += [
        "",
        f"For a sequence of {why['steps']} steps, in milliseconds: the explanation {why['explanation']:.1f}, one "
        f"what-if {why['what_if']:.1f}, the faithfulness test {why['faithfulness']:.0f}.",
    ]
    if "ledger" in why:
        lines[-1] += (
            f" To credit the steps alone: the ledger {why['ledger']:.1f}, what each step changed {why['changed']:.1f}, "
            f"integrated gradients with 32 points {why['gradients']:.1f}."
        )
    if isinstance(bench["cuda"], dict):
        lines += ["", _on_cuda(bench["cuda"])]
    lines += ["", "| part | parameters | multiply-adds |", "|---|---|---|"]
    for part, costs in bench["costs"].items():
        lines.append(f"| {NAMES.get(part, part)} | {costs['parameters']:,} | {costs['multiply_adds']:,} |")
    memory = ", ".join(
        f"{NAMES.get(name, name)} {mebibytes:.0f}" for name, mebibytes in bench["peak_mebibytes"].items()
    )
    return "\n".join([*lines, "", f"Peak memory of a fresh process, in MiB: {memory}."])


def cuda_table(bench: dict[str, Any]) -> str:
    """What ``python -m mmdemo bench`` measured on a machine with a GPU, as a few sentences."""
    machine, stages = bench["machine"], bench["milliseconds"]["all"]
    device = machine.get("gpu", bench["device"])
    model = sum(stages[name] for name in ("stems", "lstm", "alone"))
    return (
        f"Measured by the same command on a machine with a GPU ({device}, torch {machine['torch']}, {machine['cores']} "
        f"cores): of a reading of all three inputs, {stages['total']:.0f} ms, the model's own part is {model:.0f} ms. "
        f"{_on_cuda(bench['cuda'])}"
    )


def _on_cuda(found: dict[str, Any]) -> str:
    rows = (
        f"{row['steps']:,} steps, batch {row['batch']}: {row['trace']}, the loop {row['hoisted_loop']}"
        for row in found["trace"]
    )
    return (
        f"The probabilities differ from the CPU's by {found['largest_difference']:.0e} at most. `trace` on CUDA, over "
        f"cuDNN's own call: {'; '.join(rows)}."
    )
