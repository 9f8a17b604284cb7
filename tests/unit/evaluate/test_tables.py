from made_up import SUMMARY

from mmdemo.evaluate.tables import percent, tables

METRICS = {
    "command": "python -m mmdemo evaluate",
    "seed": 0,
    "split": "ours",
    "alone": {"image": SUMMARY},
    "together": {"text+image": SUMMARY},
    "bags": {"words": 0.5, "bigrams": 0.57},
    "fusion": {
        "levels": {"text": 0.1, "image": 0.5},
        "n": 200,
        "accuracy": {"text": 0.8, "image": 0.75, "text+image": 0.9},
        "gain_over_best_part": {"text+image": [0.1, 0.02]},
    },
    "truth": {
        "seed": 0,
        "against": "the mean of all classes",
        "field": 100,
        "kinds": {
            "image": {
                "n": 300,
                "area": {"ledger": [0.21, 0.02], "gradients": [0.24, 0.03], "random": [0.48, 0.04]},
                "insertion": {"ledger": [0.91, 0.02], "gradients": [0.89, 0.03]},
                "infidelity": {"ledger": [0.07, 0.01], "gradients": [0.08, 0.01]},
                "ledger_less": {"gradients": [-0.03, 0.01], "random": [-0.27, 0.02]},
                "off": [0.012, 0.5],
            }
        },
        "chosen": {
            "kinds": {
                "image": {"n": 90, "area": {"ledger": [0.2, 0.01], "changed": [0.3, 0.01], "mean": [0.25, 0.01]}}
            },
            "least": "ledger",
        },
        "cues": {"n": 120, "effect": 14.4, "credited": {"ledger": 0.7083, "changed": 1.0}},
    },
    "strangers": {
        "command": "python -m mmdemo strangers",
        "official": {"by_seed": {"0": 0.99}, "mean": 0.99},
        "left_out": {"by_speaker": {"george": 0.92}, "mean": 0.92, "seed": 0},
    },
}


def test_percent():
    assert percent(0.9934) == "99.34 %"


def test_every_figure_is_in_the_tables_beside_its_command_and_seed():
    text = tables(METRICS)
    for part in (
        "python -m mmdemo evaluate",
        "seed 0",
        "99.34 %",
        "98.50% to 99.70%",
        "98.10% (97.00% to 99.00%)",
        "98.20% (97.10% to 99.10%)",
        "57.00 %",
        "| method | pictures (300) |",
        "| **the ledger**: what each step wrote | 0.210 ± 0.020 |",
        "| integrated gradients | 0.890 ± 0.030 |",
        "| integrated gradients | 0.080 ± 0.010 |",
        "| integrated gradients | -0.030 ± 0.010 |",
        "| 20 random orders | -0.270 ± 0.020 |",
        "the first 100 inputs of a kind",
        "pictures 0.012 and 0.50",
        "(90 inputs of a kind)",
        "the mean of these two 0.250",
        "Of 120 corrections whose cue alone decides (without its words, the answer is another, by 14.4 logits",
        "what each step changed 100.00 %",
        "+10.0 ± 2.0",
        "george",
    ):
        assert part in text
    assert "text + picture, paired by class" in text


def test_harm_and_photos_have_their_tables():
    harm = {"modality": "audio", "unit": "dB", "levels": [None, 10], "n": 4, "alone": [1, 0.5], "all": [1, 0.75]}
    replaced = {"image": {"n": 8, "accuracy": 0.875, "interval": [0.5, 1]}}
    paper = {"seed": 3, "n": 8, "accuracy": 0.75, "interval": [0.4, 0.9], "found": 0.875, "turned": None}
    paper["by_kind"] = {"lined": {"n": 8, "accuracy": 0.75}}
    paper |= {"wrong_and_clear": 0.125, "cropped": {"5": {"accuracy": 0.625, "wrong_and_clear": 0.25}}}
    more = {"robustness": {"seed": 0, "harms": {"pink": harm}, "replaced": replaced}, "paper": paper}
    text = tables(METRICS | more)
    assert "| pink noise (dB; 4 inputs) | none | 10 |" in text
    assert "| sound | 100.0% / 100.0% | 50.0% / 75.0% |" in text
    assert "the picture 87.50 % (n = 8)" in text
    assert "photos**, 8 of test" in text and "lined 75.00 %" in text and "EXIF" not in text
    assert "Wrong and clear: 12.50 %" in text and "5 % 62.50 % (wrong and clear: 25.00 %)" in text
