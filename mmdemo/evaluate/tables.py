"""Tables made from ``metrics.json``: the model card's and the README's figures are never typed by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAMES = {"text": "text", "image": "picture", "audio": "sound"}
KINDS = {
    "text": "texts (corrections, where there are some)",
    "image": "pictures",
    "audio": "sounds",
    "all": "all three",
}
HARMS = {
    "typing": "typing errors, and words lost a quarter as often",
    "blur": "blur",
    "darkness": "darkness",
    "angle": "tilt",
    "pink": "pink noise",
    "babble": "babble of six voices",
}
TRIED = ("proportional", "telescoped", "gradients", "random")


def percent(share: float) -> str:
    """0.9934 -> "99.34 %"."""
    return f"{share:.2%}".replace("%", " %")


def tables(metrics: dict[str, Any]) -> str:
    """Everything in ``metrics.json`` as Markdown tables, with the commands that wrote it."""
    return "\n".join(_lines(metrics))


def _lines(metrics: dict[str, Any]) -> Iterator[str]:
    yield f"By `{metrics['command']}`, seed {metrics['seed']}, on the test split ({metrics['split']}):"
    yield ""
    yield "| given | samples | accuracy | 95 % interval | mean recall | macro-F1 | loss | calibration error |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, found in metrics["alone"].items():
        yield _row(f"{NAMES[name]} alone, each once", found)
    for kind, found in metrics.get("kinds", {}).items():
        yield _row(f"text alone: {kind}s, from templates and cue phrases that training never saw", found)
    for subset, found in metrics["together"].items():
        name = " + ".join(NAMES[modality] for modality in subset.split("+"))
        yield _row(f"{name}, paired by class", found)
    if "bags" in metrics:
        yield ""
        yield (
            "On the same corrections, a bag of words reaches "
            f"{percent(metrics['bags']['words'])} and a bag of words and bigrams {percent(metrics['bags']['bigrams'])}."
        )
    if "fusion" in metrics:
        yield from _fusion(metrics["fusion"])
    if "unknown" in metrics:
        yield from _unknown(metrics["unknown"])
    if metrics.get("contradiction"):
        yield from _contradiction(metrics["contradiction"])
    if "robustness" in metrics:
        yield from _robustness(metrics["robustness"])
    if "paper" in metrics:
        yield from _paper(metrics["paper"])
    if "truth" in metrics:
        yield from _truth(metrics["truth"])
    if "strangers" in metrics:
        yield from _strangers(metrics["strangers"])


def speed_tables(bench: dict[str, Any]) -> str:
    """What ``python -m mmdemo bench`` measured, as Markdown tables."""
    machine, trace = bench["machine"], bench["trace"]
    lines = [
        f"By `python -m mmdemo bench`, on {machine['cores']} cores, torch {machine['torch']}, {bench['device']}. "
        "Ratios, each measured in one run:",
        "",
        "| steps, batch of 1, one thread | `trace` costs so many bare `nn.LSTM` calls | "
        "an `LSTMCell` loop with gates costs so many `trace` calls |",
        "|---|---|---|",
        *(f"| {n} | {ratio:.2f} | {trace['loop_to_trace'][n]:.1f} |" for n, ratio in trace["trace_to_lstm"].items()),
        "",
        f"100,000 steps cost {trace['long_to_short']:.1f} times what 10,000 cost. Times depend on the machine; here, "
        "in milliseconds (medians; `first` is a visitor's first run):",
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
        f"Of a sequence of {why['steps']} steps, in milliseconds: everything that is explained but faithfulness "
        f"{why['explanation']:.1f}, a what-if {why['what_if']:.1f}, faithfulness {why['faithfulness']:.0f}.",
    ]
    lines += ["", "| part | parameters | multiply-adds |", "|---|---|---|"]
    for part, costs in bench["costs"].items():
        lines.append(f"| {NAMES.get(part, part)} | {costs['parameters']:,} | {costs['multiply_adds']:,} |")
    memory = ", ".join(
        f"{NAMES.get(name, name)} {mebibytes:.0f}" for name, mebibytes in bench["peak_mebibytes"].items()
    )
    return "\n".join([*lines, "", f"Peak memory of a fresh process, in MiB: {memory}."])


def _row(name: str, found: dict[str, Any]) -> str:
    low, high = found["interval"]
    means = (f"{value:.2%} ({low:.2%} to {high:.2%})" for value, low, high in (found["recall"], found["f1"]))
    return (
        f"| {name} | {found['n']:,} | {percent(found['accuracy'])} | {low:.2%} to {high:.2%} | {' | '.join(means)} "
        f"| {found['loss']:.4f} | {percent(found['ece'])} |"
    )


def _fusion(fusion: dict[str, Any]) -> Iterator[str]:
    levels = ", ".join(f"{NAMES[modality]} {level:.2f}" for modality, level in fusion["levels"].items())
    yield ""
    yield f"Is the whole more than its parts? Every input degraded (severity: {levels}; {fusion['n']:,} test samples):"
    yield ""
    yield "| given | accuracy | more than its best part |"
    yield "|---|---|---|"
    for subset, accuracy in fusion["accuracy"].items():
        name = " + ".join(NAMES[modality] for modality in subset.split("+"))
        gain = fusion["gain_over_best_part"].get(subset)
        more = f"{gain[0] * 100:+.1f} ± {gain[1] * 100:.1f} points" if gain else ""
        yield f"| {name} | {percent(accuracy)} | {more} |"


def _unknown(unknown: dict[str, Any]) -> Iterator[str]:
    shares = next(iter(unknown["coverage"].values()), {})
    if shares:
        yield ""
        yield "Does it know what it does not know? Accuracy where it answers only the surest share of the test inputs:"
        yield ""
        yield "| given | " + " | ".join(f"{float(share):.0%}" for share in shares) + " |"
        yield "|---" * (1 + len(shares)) + "|"
        for modality, found in unknown["coverage"].items():
            yield f"| {NAMES[modality]} | " + " | ".join(percent(accuracy) for accuracy in found.values()) + " |"
    if unknown["told_apart"]:
        yield ""
        yield (
            "Inputs of no class, made from what training never saw: how often a test input gets more confidence than "
            "one of them (AUROC), and how often the answer to one is called sure:"
        )
        yield ""
        yield "| given | inputs | nothing found in | AUROC | called sure |"
        yield "|---|---|---|---|---|"
    for modality, kinds in unknown["told_apart"].items():
        for kind, found in kinds.items():
            yield (
                f"| {NAMES[modality]}: {kind or 'of no class'} | {found['n']:,} | {found['nothing_found']:,} "
                f"| {found['auroc']:.3f} | {percent(found['called_sure'])} |"
            )


def _contradiction(contradiction: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield "Two inputs that mean different classes: is one answer called sure, are the likeliest classes those two:"
    yield ""
    yield "| given | pairs | called sure | both are named | highest probability, mean |"
    yield "|---|---|---|---|---|"
    for pair, found in contradiction.items():
        name = " against ".join(NAMES[modality] for modality in pair.split("+"))
        shares = f"{percent(found['called_sure'])} | {percent(found['both_named'])} | {found['highest']:.2f}"
        yield f"| {name} | {found['n']:,} | {shares} |"


def _robustness(robustness: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield (
        "How much harm does it survive? The input itself is made worse, as the page's sliders do it; accuracy of that "
        "input alone / of all together:"
    )
    for name, harm in robustness["harms"].items():
        first, *levels = ("none", *(f"{level:g}" for level in harm["levels"][1:]))
        yield ""
        yield f"| {HARMS.get(name, name)} ({harm['unit']}; {harm['n']} inputs) | {first} | " + " | ".join(levels) + " |"
        yield "|---" * (2 + len(levels)) + "|"
        pairs = zip(harm["alone"], harm["all"], strict=True)
        yield f"| {NAMES[harm['modality']]} | " + " | ".join(f"{a:.1%} / {b:.1%}" for a, b in pairs) + " |"
    if robustness["replaced"]:
        parts = (
            f"the {NAMES[modality]} {percent(found['accuracy'])} of {found['n']}"
            for modality, found in robustness["replaced"].items()
        )
        yield ""
        yield f"All together, with one of them replaced by noise: {', '.join(parts)}."
    if robustness.get("amid"):
        yield from _amid(robustness["amid"])


def _amid(amid: dict[str, Any]) -> Iterator[str]:
    kinds = ", ".join(f"{kind} {percent(found['accuracy'])}" for kind, found in amid.items())
    yield ""
    count = next(iter(amid.values()))["n"]
    yield f"A test recording that comes right after something else, sound alone, {count} of each: {kinds}."


def _paper(paper: dict[str, Any]) -> Iterator[str]:
    low, high = paper["interval"]
    kinds = ", ".join(f"{kind} {percent(found['accuracy'])}" for kind, found in paper["by_kind"].items())
    yield ""
    yield (
        f"Composed webcam photos, {paper['n']} of test digits before backdrops that training never saw (seed "
        f"{paper['seed']}): {percent(paper['accuracy'])} are read rightly ({low:.2%} to {high:.2%}), and in "
        f"{percent(paper['found'])} the digit's ink is what was found. By kind: {kinds}."
    )
    if paper["turned"]:
        turned = paper["turned"]
        yield f"Of the {turned['n']} that only their EXIF mark turns upright: {percent(turned['accuracy'])}."


def _truth(truth: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield (
        "Is the ledger true? Steps are removed in the order in which an explanation ranks them (for the answer "
        f"against {truth['against']}), and what is left is read again. The table has the normalised area under the "
        "falling probability of the answer, with the half-width of its 95 % interval; less is truer:"
    )
    yield ""
    yield "| given | inputs | ledger, proportional | ledger, telescoped | integrated gradients | 20 random orders |"
    yield "|---|---|---|---|---|---|"
    for kind, found in truth["kinds"].items():
        cells = (f"{mean:.3f} ± {half:.3f}" for mean, half in (found["area"][name] for name in TRIED))
        yield f"| {KINDS.get(kind, kind)} | {found['n']} | " + " | ".join(cells) + " |"


def _strangers(found: dict[str, Any]) -> Iterator[str]:
    seeds = ", ".join(f"{seed}: {percent(accuracy)}" for seed, accuracy in found["official"]["by_seed"].items())
    speakers = ", ".join(f"{name} {percent(accuracy)}" for name, accuracy in found["left_out"]["by_speaker"].items())
    yield ""
    yield (
        f"By `{found['command']}`: sound alone, trained with the shipped recipe on sound alone, is right on "
        f"{percent(found['official']['mean'])} of the published test split, the mean of three seeds ({seeds}), and on "
        f"{percent(found['left_out']['mean'])} of the recordings of a speaker left out of training, the mean of "
        f"{len(found['left_out']['by_speaker'])} ({speakers})."
    )


def fill(file: Path, name: str, body: str) -> None:
    """Replace what stands between ``<!-- name -->`` and ``<!-- /name -->`` in a Markdown file.

    Raises:
        ValueError: the file has no such marks.
    """
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    text = file.read_text(encoding="utf-8")
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"{file} has no place for the figures: it needs the lines {begin} and {end}")
    file.write_text(pattern.sub(lambda _: f"{begin}\n{body}\n{end}", text), encoding="utf-8")


def write_metrics(folder: Path, metrics: dict[str, Any]) -> None:
    """Store a checkpoint's metrics, one confusion matrix row a line so that a change can be read."""
    text = json.dumps(metrics, indent=1, ensure_ascii=False)
    text = re.sub(r"\[\s+(-?[\d.e-]+(?:,\s+-?[\d.e-]+)*)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m[1]) + "]", text)
    (folder / "metrics.json").write_text(text + "\n", encoding="utf-8")


def write_card(folder: Path, template: Path, metrics: dict[str, Any]) -> None:
    """Write a checkpoint's model card, its figures filled in. A card that a person has changed keeps the changes."""
    card = folder / "README.md"
    if not card.is_file() or "<!-- figures -->" not in card.read_text(encoding="utf-8"):
        card.write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
    fill(card, "figures", tables(metrics))
