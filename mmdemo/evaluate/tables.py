"""Markdown tables made from ``metrics.json``, for the model cards and the documentation: no figure is typed by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NAMES = {"text": "text", "image": "picture", "audio": "sound", "video": "video"}
KINDS = {
    "text": "texts (corrections, if the task has them)",
    "image": "pictures",
    "audio": "sounds",
    "all": "all three",
}
HARMS = {
    "typing": "typing errors, and a quarter as many dropped words",
    "blur": "blur",
    "darkness": "darkness",
    "angle": "tilt",
    "pink": "pink noise",
    "babble": "six other people talking",
}
VOICES = {
    "plain": "as they are, without an accent",
    "indian": "Indian English",
    "accents": "eleven other accents of English",
    "child": "children",
    "fast": "1.6 times as fast",
    "whispered": "whispered",
    "room": "in a room, 0.2 to 4 m from the microphone",
    "telephone": "by telephone",
    "8-bit": "quiet, with eight bits",
    "late": "without the first sixth",
    "early": "without the last quarter",
}
APART = {
    "semeion": "Italian hands (Semeion), people not in training",
    "pendigits": "Turkish hands (pen strokes, drawn with nibs of our own)",
    "hand": "our own hands, drawn by the program that also drew some for training",
    "segments": "seven-segment displays, by the same program",
    "font": "printed, in fonts not in training",
}
MADE = {"people": "people", "program": "mmdemo"}
FACES = {
    "square": "squares, as in the data set",
    "tight": "the same enlarged: faces that fill the picture",
    "room": "somewhere in a room",
}
TRIED = {
    "ledger": "**the ledger**: what each step wrote",
    "changed": "what each step changed",
    "mean": "the mean of these two",
    "gradients": "integrated gradients",
    "lrp": "LRP-all",
    "decomposition": "contextual decomposition",
    "deeplift": "DeepLIFT, with gates",
    "shapley": "Shapley values of the steps, 20 permutations",
    "gradient": "gradient × input",
    "left_out": "leave one out",
    "random": "20 random orders",
}
MEASURES = {
    "area": (
        "**Deletion.** Steps are removed in the order in which an explanation ranks them, and the LSTM reads what is "
        "left: the normalised area under the answer's probability as it falls. Lower is more faithful."
    ),
    "insertion": (
        "**Insertion.** The steps are put in, in the same order: the area under the probability as it rises. Higher is "
        "more faithful. Chance is as above."
    ),
    "infidelity": (
        "**Infidelity** (Yeh et al. 2019, best scale). Random steps are removed together: the share of what the logits "
        "lose that the sum of the steps' entries does not predict. Lower is more faithful."
    ),
}


def percent(share: float) -> str:
    """0.9934 -> "99.34 %"."""
    return f"{share:.2%}".replace("%", " %")


def tables(metrics: dict[str, Any]) -> str:
    """Everything in ``metrics.json`` as Markdown tables, with the commands that wrote it."""
    return "\n".join(_lines(metrics))


def _lines(metrics: dict[str, Any]) -> Iterator[str]:
    yield f"Measured by `{metrics['command']}`, seed {metrics['seed']}, on the test split ({metrics['split']}):"
    yield ""
    yield (
        "| given | samples | accuracy | 95 % interval | balanced accuracy (UAR) | macro-F1 | loss | calibration error |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    for name, found in metrics["alone"].items():
        yield _row(f"{NAMES[name]} alone", found)
    for kind, found in metrics.get("kinds", {}).items():
        yield _row(f"text alone: {kind}s, from templates and cue phrases not used in training", found)
    for subset, found in metrics["together"].items():
        name = " + ".join(NAMES[modality] for modality in subset.split("+"))
        yield _row(f"{name}, paired by class", found)
    if "languages" in metrics:
        yield from _languages(metrics["languages"])
    if "bags" in metrics:
        yield ""
        yield (
            "Baselines on the same corrections: a bag of words reaches "
            f"{percent(metrics['bags']['words'])}, a bag of words and bigrams {percent(metrics['bags']['bigrams'])}."
        )
    if "apart" in metrics:
        yield from _apart(metrics["apart"])
    if "fusion" in metrics:
        yield from _fusion(metrics["fusion"])
    if "unknown" in metrics:
        yield from _unknown(metrics["unknown"])
    if "levels" in metrics:
        yield from _levels(metrics["levels"])
    if metrics.get("contradiction"):
        yield from _contradiction(metrics["contradiction"])
    if "robustness" in metrics:
        yield from _robustness(metrics["robustness"])
    if "paper" in metrics:
        yield from _paper(metrics["paper"])
    if "faces" in metrics:
        yield from _faces(metrics["faces"])
    if "voices" in metrics:
        yield from _voices(metrics["voices"])
    if "truth" in metrics:
        yield from _truth(metrics["truth"])
    if "strangers" in metrics:
        yield from _strangers(metrics["strangers"])
    if "sync" in metrics:
        yield from _sync(metrics["sync"], metrics.get("folds"))


def _row(name: str, found: dict[str, Any]) -> str:
    low, high = found["interval"]
    means = (f"{value:.2%} ({low:.2%} to {high:.2%})" for value, low, high in (found["recall"], found["f1"]))
    return (
        f"| {name} | {found['n']:,} | {percent(found['accuracy'])} | {low:.2%} to {high:.2%} | {' | '.join(means)} "
        f"| {found['loss']:.4f} | {percent(found['ece'])} |"
    )


def _languages(languages: dict[str, Any]) -> Iterator[str]:
    mean = sum(found["accuracy"] * found["n"] for found in languages.values()) / sum(
        found["n"] for found in languages.values()
    )
    listed = ", ".join(f"{code} {percent(found['accuracy'])}" for code, found in languages.items())
    yield ""
    yield f"Words of other languages for digits, in sentences not used in training: {percent(mean)} ({listed})."


def _apart(apart: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield (
        "**Inputs of other kinds**, reported apart from the published test sets. One in which nothing is found counts "
        "as wrong."
    )
    yield ""
    yield "| given | made by | inputs | nothing found | accuracy | 95 % interval | lowest recall | wrong and clear |"
    yield "|---" * 8 + "|"
    for modality, kinds in apart.items():
        for kind, found in kinds.items():
            worst = min(found["recall"], key=found["recall"].get)
            name, maker = APART.get(kind, kind), MADE.get(found["made"], found["made"])
            yield (
                f"| {NAMES[modality]}: {name} | {maker} | {found['n']:,} | {found['nothing_found']:,} "
                f"| {percent(found['accuracy'])} | {' to '.join(f'{end:.2%}' for end in found['interval'])} "
                f"| {worst} {percent(found['recall'][worst])} | {percent(found['wrong_and_clear'])} |"
            )


def _fusion(fusion: dict[str, Any]) -> Iterator[str]:
    levels = ", ".join(f"{NAMES[modality]} {level:.2f}" for modality, level in fusion["levels"].items())
    yield ""
    yield (
        f"**Fusion gain over the best smaller combination.** Every input is degraded (severity: {levels}; "
        f"{fusion['n']:,} test samples):"
    )
    yield ""
    yield "| given | accuracy | gain over the best smaller combination |"
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
        yield "**Selective accuracy.** Accuracy if only the most confident share of the test inputs is answered:"
        yield ""
        yield "| given | " + " | ".join(f"{float(share):.0%}" for share in shares) + " |"
        yield "|---" * (1 + len(shares)) + "|"
        for modality, found in unknown["coverage"].items():
            yield f"| {NAMES[modality]} | " + " | ".join(percent(accuracy) for accuracy in found.values()) + " |"
    if unknown["told_apart"]:
        yield ""
        yield (
            "**Out-of-distribution inputs**, of kinds that training did not see. AUROC: how often a test input gets a "
            "higher confidence than one of these. Called clear: how often the answer to one is, all the same."
        )
        yield ""
        yield "| given | inputs | nothing found | AUROC | called clear |"
        yield "|---|---|---|---|---|"
    for modality, kinds in unknown["told_apart"].items():
        for kind, found in kinds.items():
            yield (
                f"| {NAMES[modality]}: {kind or 'of no class'} | {found['n']:,} | {found['nothing_found']:,} "
                f"| {found['auroc']:.3f} | {percent(found['called_clear'])} |"
            )


def _levels(levels: dict[str, Any]) -> Iterator[str]:
    bars = " and ".join(f"{right:.0%} for *{level}*" for level, right in levels["right"].items())
    yield ""
    yield (
        f"**Levels.** Where an answer is *clear* or *likely* is fitted on the validation split, with rare sources and "
        f"inputs of no class in it, so that of the answers with at least that level {bars} are right. Measured on "
        f"samples drawn in the same way (seed {levels['seed']}); never clear where the inputs alone disagree:"
    )
    yield ""
    yield (
        "| given | temperature | clear from | clear, validation | right of these | clear, test | right of these "
        "| likely from | likely, test | right of these |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for given, found in levels["given"].items():
        name = " + ".join(NAMES[modality] for modality in given.split("+"))
        validation, test = found["validation"], found["test"]
        cells = [f"{found['temperature']:.2f}", f"{found['clear']:.4f}"]
        cells += [_share(of[key]) for of in (validation, test) for key in ("clear", "clear_right")]
        cells += [f"{found['likely']:.4f}", _share(test["likely"]), _share(test["likely_right"])]
        yield f"| {name} | " + " | ".join(cells) + " |"


def _share(found: float | None) -> str:
    return "" if found is None else f"{found:.1%}"


def _contradiction(contradiction: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield (
        "**Contradictions.** Two inputs of different classes: how often one answer is called clear all the same, and "
        "how often the two most likely classes are the right two:"
    )
    yield ""
    yield "| given | pairs | called clear | both classes named | highest probability, mean |"
    yield "|---|---|---|---|---|"
    for pair, found in contradiction.items():
        name = " against ".join(NAMES[modality] for modality in pair.split("+"))
        shares = f"{percent(found['called_clear'])} | {percent(found['both_named'])} | {found['highest']:.2f}"
        yield f"| {name} | {found['n']:,} | {shares} |"


def _robustness(robustness: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield (
        "**Robustness.** The raw input is made worse, as by the page's sliders. Accuracy from that input alone / from "
        "all inputs together:"
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
            f"the {NAMES[modality]} {percent(found['accuracy'])} (n = {found['n']})"
            for modality, found in robustness["replaced"].items()
        )
        yield ""
        yield f"All inputs together, one of them replaced by noise: {', '.join(parts)}."
    if robustness.get("amid"):
        yield from _amid(robustness["amid"])


def _amid(amid: dict[str, Any]) -> Iterator[str]:
    kinds = ", ".join(f"{kind} {percent(found['accuracy'])}" for kind, found in amid.items())
    yield ""
    count = next(iter(amid.values()))["n"]
    yield f"Sound alone, when a test recording follows directly on another sound ({count} of each): {kinds}."


def _paper(paper: dict[str, Any]) -> Iterator[str]:
    low, high = paper["interval"]
    kinds = ", ".join(f"{kind} {percent(found['accuracy'])}" for kind, found in paper["by_kind"].items())
    yield ""
    yield (
        f"**Composed webcam photos**, {paper['n']} of test digits in front of backdrops not used in training (seed "
        f"{paper['seed']}): {percent(paper['accuracy'])} are read correctly ({low:.2%} to {high:.2%}), and in "
        f"{percent(paper['found'])} the ink that was found is the digit's. By kind: {kinds}."
    )
    if paper["turned"]:
        turned = paper["turned"]
        yield f"Of the {turned['n']} that only their EXIF orientation turns upright: {percent(turned['accuracy'])}."
    yield f"Wrong and clear: {percent(paper['wrong_and_clear'])}."
    margins = ", ".join(
        f"{margin} % {percent(found['accuracy'])} (wrong and clear: {percent(found['wrong_and_clear'])})"
        for margin, found in paper["cropped"].items()
    )
    yield f"The same photos cropped to the ink, with so much of its longer side left around it: {margins}."


def _faces(faces: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield (
        f"**Faces that have to be found**, the same test faces in all kinds of pictures (seed {faces['seed']}). "
        "One that is not found counts as wrong."
    )
    yield ""
    yield "| pictures | faces | not found | accuracy | 95 % interval | balanced accuracy | clear | right of these |"
    yield "|---" * 8 + "|"
    for kind, found in faces["kinds"].items():
        yield (
            f"| {FACES[kind]} | {found['n']} | {percent(found['not_found'])} | {percent(found['accuracy'])} "
            f"| {' to '.join(f'{end:.2%}' for end in found['interval'])} | {percent(found['recall'][0])} "
            f"| {percent(found['clear'])} | {_share(found['clear_right'])} |"
        )


def _truth(truth: dict[str, Any]) -> Iterator[str]:
    kinds = truth["kinds"]
    head = " | ".join(f"{KINDS.get(kind, kind)} ({found['n']})" for kind, found in kinds.items())
    yield ""
    yield (
        f"**Faithfulness results**, for the answer against {truth['against']}, with the half-width of the 95 % "
        f"interval. The methods below integrated gradients are measured on the first {truth['field']} inputs of a kind."
    )
    for measure, words in MEASURES.items():
        yield ""
        yield words
        yield ""
        yield f"| method | {head} |"
        yield "|---" * (1 + len(kinds)) + "|"
        for name, title in TRIED.items():
            cells = [found[measure].get(name) for found in kinds.values()]
            if any(cells):
                yield f"| {title} | {' | '.join(map(_plus_minus, cells))} |"
    yield ""
    yield "The ledger's area under the deletion curve less that of each other method, paired; below 0 is better for it:"
    yield ""
    yield f"| less | {head} |"
    yield "|---" * (1 + len(kinds)) + "|"
    for name, title in TRIED.items():
        cells = [found["ledger_less"].get(name) for found in kinds.values()]
        if any(cells):
            yield f"| {title} | {' | '.join(map(_plus_minus, cells))} |"
    yield from _also(truth)


def _also(truth: dict[str, Any]) -> Iterator[str]:
    """What else was found out about the explanations, a sentence each."""
    off = [(KINDS.get(kind, kind), *found["off"]) for kind, found in truth["kinds"].items() if found["off"]]
    yield ""
    yield (
        "Integrated gradients take as many points as adding up takes; they still miss by so many logits, on average "
        f"and at most: {', '.join(f'{kind} {mean:.3f} and {most:.2f}' for kind, mean, most in off)}."
    )
    if chosen := truth.get("chosen"):
        found = list(chosen["kinds"].values())
        means = [
            (name, sum(one["area"][name][0] for one in found) / len(found))
            for name in TRIED
            if name in found[0]["area"]
        ]
        counts = " or ".join(map(str, sorted({one["n"] for one in found})))
        yield ""
        yield (
            f"On the validation split ({counts} inputs of a kind), where the choice was made, the mean area under the "
            f"deletion curve over the kinds is: {', '.join(f'{_named(name)} {mean:.3f}' for name, mean in means)}."
        )
    if cues := truth.get("cues"):
        yield ""
        yield (
            f"Of {cues['n']} corrections whose cue alone decides (without its words, the answer is another, by "
            f"{cues['effect']} logits on average), the cue is credited by: "
            + ", ".join(f"{_named(name)} {percent(share)}" for name, share in cues["credited"].items())
            + "."
        )


def _named(name: str) -> str:
    """A method's name within a sentence."""
    return TRIED[name].replace("**", "")


def _plus_minus(cell: list[float] | None) -> str:
    return "" if cell is None else f"{cell[0]:.3f} ± {cell[1]:.3f}"


def _strangers(found: dict[str, Any]) -> Iterator[str]:
    seeds = ", ".join(f"{seed}: {percent(accuracy)}" for seed, accuracy in found["official"]["by_seed"].items())
    speakers = ", ".join(f"{name} {percent(accuracy)}" for name, accuracy in found["left_out"]["by_speaker"].items())
    yield ""
    yield (
        f"**Speakers not heard in training**, by `{found['command']}`. Trained on sound alone with the shipped "
        f"recipe, it is right on {percent(found['official']['mean'])} of the published test split, the mean of three "
        f"seeds ({seeds}), and on {percent(found['left_out']['mean'])} of the recordings of a speaker who was left "
        f"out of training, the mean of {len(found['left_out']['by_speaker'])} ({speakers})."
    )


def _sync(sync: dict[str, Any], folds: dict[str, Any] | None) -> Iterator[str]:
    measured = {"the checkpoint": sync} | ({"the folds": folds} if folds else {})
    yield ""
    yield (
        "**Do they belong together?** Area under the ROC curve: how often a window in sync gets a higher score than "
        "one that is not; of speakers who are not in training. The correlation of the lips' movement and the loudness "
        "learns nothing."
    )
    if folds:
        groups = " and ".join(", ".join(fold) for fold in folds["left_out"])
        yield f"In the folds, by `{folds['command']}`, {groups} are left out in turn, and two models are trained."
    yield ""
    yield (
        "| window | of | windows | all | 95 % interval over the speakers | sound at least 0.4 s away "
        "| another sentence, same moment | correlation, all | correlation, another sentence | place alone |"
    )
    yield "|---" * 10 + "|"
    for name, report in measured.items():
        for width, found in report["areas"].items():
            interval = " to ".join(f"{end:.3f}" for end in found["interval"]) if found["interval"] else ""
            numbers = (found[key] for key in ("shifted", "another", "correlation", "correlation_another"))
            cells = " | ".join(f"{number:.3f}" for number in (*numbers, report["position"][width]))
            yield f"| {width} | {name} | {found['n']:,} | {found['all']:.3f} | {interval} | {cells} |"
    yield ""
    yield "| best of 13 offsets, over 2 s | sentences | exact | within 80 ms |"
    yield "|---" * 4 + "|"
    for name, report in measured.items():
        found = report["offsets"]
        for who, shares in ((name, found), (f"correlation, {name}", found["correlation"]), ("chance", found["chance"])):
            yield f"| {who} | {found['n']} | {percent(shares['exact'])} | {percent(shares['within_80_ms'])} |"
    for name, report in measured.items():
        harmed = report["harmed"]
        yield ""
        yield (
            f"**Made worse**, {harmed['n']} sentences, {name}, over 2 s: as they are {harmed['plain']:.3f}, as WebM "
            f"with 15 pictures a second at uneven times {harmed['webm']:.3f} ({percent(harmed['read'])} read), "
            f"in a mirror {harmed['mirrored']:.3f}, with pink noise at 10 dB {harmed['noise']:.3f}."
        )


def _voices(found: dict[str, Any]) -> Iterator[str]:
    several, others = found["several"], found["no_digit"]
    yield ""
    yield "**Made voices that nobody learnt from**, read as a visitor's recording would be:"
    yield ""
    yield "| voices | n | right | 95 % interval | wrong and called clear |"
    yield "|---|---|---|---|---|"
    for name, of in found["voices"].items():
        low, high = map(percent, of["interval"])
        yield (
            f"| {VOICES[name]} | {of['n']} | {percent(of['accuracy'])} | {low} to {high} | "
            f"{percent(of['wrong_and_clear'])} |"
        )
    yield ""
    yield (
        f"Of {others['n']} numbers that are no digit, from ten to hundreds, {percent(others['called_clear'])} "
        f"are called clear. Of {several['n']} recordings of two to four digits, {percent(several['told'])} are told to "
        f"hold several, {percent(several['exact'])} with exactly those that were said, and "
        f"{percent(several['called_clear'])} are called clear."
    )
