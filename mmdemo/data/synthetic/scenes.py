"""What a composed photo shows, drawn at random within stated limits: the sheet, the pen, the angle, the light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmdemo.data.synthetic.backdrops import Rng

KINDS = ("white", "lined", "squared", "coloured", "whiteboard", "phone")
SHARE = (0.08, 0.80)  # of the frame's height: the height of the ink
TURN = 20.0  # degrees to either side
TILT = 35.0  # degrees away from facing the camera, about any axis
UNEVEN = 3.0  # the brightest part of the frame has at most this many times the light of the darkest
FRAMES = ((640, 480), (640, 480), (640, 480), (480, 640), (640, 360), (800, 600), (1280, 720), (320, 240))
TOOLS = {  # width of the strokes as a share of the ink's longest side; how much of the paper's light the ink takes away
    "pen": ((0.028, 0.06), (0.75, 0.95)),
    "pencil": ((0.022, 0.045), (0.35, 0.65)),
    "marker": ((0.06, 0.14), (0.8, 1.0)),
    "screen": ((0.03, 0.12), (0.85, 1.0)),
}
INKS = np.array(  # black, blues, reds, greens, violet, orange, brown, pink
    [
        [22, 22, 26], [30, 40, 110], [20, 70, 170], [15, 20, 70], [190, 30, 40], [150, 20, 30], [20, 120, 60],
        [10, 90, 90], [110, 40, 150], [225, 100, 20], [110, 65, 35], [220, 50, 130],
    ],
    np.float32,
)  # fmt: skip
PAPERS = np.array([[240, 225, 120], [250, 190, 190], [180, 220, 240], [190, 230, 180], [225, 200, 160]], np.float32)


@dataclass(frozen=True)
class Scene:
    """Everything about a photo but the digit and the details that its generator fills in.

    Attributes:
        kind: one of ``KINDS``.
        split: whose backdrops are behind it, ``"train"`` or ``"test"``.
        size: (width, height) of the frame in pixels.
        share: of the frame's height, the height of the ink; less where it would be wider than the frame.
        turn, tilt, axis: degrees in the plane of the sheet, away from facing the camera, and about which axis.
        place: where the ink is between the left and right, top and bottom edges, each 0 to 1.
        tool: what it was written with; one of ``TOOLS``.
        ink, paper: their colours, RGB in 0..255.
        width: of the strokes, as a share of the ink's longest side.
        strength: how much of the ink's colour reaches the camera, 0 to 1.
        margins: of the sheet beyond the ink, left, top, right and bottom, as shares of the ink's height.
        uneven: how many times more light the brightest part of the frame has than the darkest.
        level: the light of the brightest part, 1 for a well-lit room.
        shadow: how much of the light a shadow takes, 0 for none.
        defocus, motion: how far a point is spread, as shares of the ink's height.
        noise: of a mid-grey pixel, standard deviation in grey levels.
        hand, face: whether they are in view.
    """

    kind: str
    split: str
    size: tuple[int, int]
    share: float
    turn: float
    tilt: float
    axis: float
    place: tuple[float, float]
    tool: str
    ink: tuple[float, float, float]
    paper: tuple[float, float, float]
    width: float
    strength: float
    margins: tuple[float, float, float, float]
    uneven: float
    level: float
    shadow: float
    defocus: float
    motion: float
    noise: float
    hand: bool
    face: bool


def draw_scene(rng: Rng, kind: str | None = None, split: str = "train") -> Scene:
    """A scene at random; half of every kind of difficulty is mild, and no photo has all of them at their worst."""
    kind = kind or str(rng.choice(KINDS))
    tool = {"whiteboard": "marker", "phone": "screen"}.get(kind) or str(rng.choice(["pen", "pen", "pencil", "marker"]))
    widths, strengths = TOOLS[tool]
    dark = kind == "phone"
    ink = rng.uniform(190, 255, 3) if dark else INKS[rng.integers(len(INKS))] + rng.uniform(-10, 10, 3)
    if tool == "pencil":
        ink = np.full(3, rng.uniform(40, 80))
    if kind == "whiteboard":
        ink = INKS[rng.choice([0, 2, 4, 6])] + rng.uniform(-10, 10, 3)
    paper = np.full(3, rng.uniform(222, 250)) + rng.uniform(-6, 6, 3)
    if kind == "coloured":
        paper = PAPERS[rng.integers(len(PAPERS))] + rng.uniform(-15, 8, 3)
    if dark:
        paper = rng.uniform(6, 34) + rng.uniform(0, 16, 3)
    # a phone fits what is written on it; paper may be a note or fill the frame; nobody sees a whiteboard's edges
    reach = {"phone": 0.5, "whiteboard": 50.0}.get(kind, 2.5)
    margins = np.maximum(0.22, reach * rng.random(4) ** 1.5)
    share = float(np.exp(rng.uniform(*np.log(SHARE))))
    if share < 0.2 and tool == "pencil":
        share += 0.1  # nobody could read it
    uneven = float(UNEVEN ** (rng.random() * rng.choice([0.4, 1])))
    level = float(rng.choice([rng.uniform(0.8, 1.05), rng.uniform(0.3, 0.8)]))
    return Scene(
        kind=kind,
        split=split,
        size=FRAMES[rng.integers(len(FRAMES))],
        share=share,
        turn=float(rng.uniform(-TURN, TURN) * rng.choice([0.3, 1])),
        tilt=float(TILT * rng.random() * rng.choice([0.3, 1])),
        axis=float(rng.uniform(0, 360)),
        place=(float(rng.beta(2, 2)), float(rng.beta(2, 2))),
        tool=tool,
        ink=tuple(np.clip(ink, 0, 255).tolist()),
        paper=tuple(np.clip(paper, 0, 255).tolist()),
        width=float(max(rng.uniform(*widths), 0.035 * min(1, 0.1 / share))),
        strength=float(rng.uniform(*strengths)),
        margins=tuple(margins.tolist()),
        uneven=uneven,
        level=max(level, 0.25 * uneven),  # a webcam opens up where a corner would be black
        shadow=float(rng.choice([0, 0, rng.uniform(0.15, 0.5)])),
        defocus=float(rng.choice([0.004, rng.uniform(0.004, 0.025)])),
        motion=float(rng.choice([0, 0, rng.uniform(0.02, 0.07)])),
        noise=float(rng.choice([rng.uniform(1, 3), rng.uniform(3, 8)])),
        hand=bool(kind != "whiteboard" and rng.random() < 0.4),
        face=bool(kind != "whiteboard" and rng.random() < 0.2),
    )
