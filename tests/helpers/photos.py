"""A seven, and a scene to lay it into."""

import cv2
import numpy as np

from mmdemo.data.synthetic.scenes import draw_scene


def seven():
    """A seven in a square like MNIST's."""
    square = np.zeros((28, 28), np.float32)
    cv2.polylines(square, [np.array([[8, 5], [19, 5], [12, 23]])], False, 1.0, 2, cv2.LINE_AA)
    return square


def scene(kind="white", **changes):
    """A plain, well-lit scene with nothing in the way, and with what a test changes about it."""
    plain = draw_scene(np.random.default_rng(3), kind, "train")
    calm = {"size": (640, 480), "turn": 0.0, "tilt": 0.0, "share": 0.4, "place": (0.5, 0.5), "uneven": 1.0}
    calm |= {"level": 1.0, "shadow": 0.0, "defocus": 0.0, "motion": 0.0, "noise": 1.0, "hand": False, "face": False}
    calm |= {"width": 0.08, "strength": 1.0, "margins": (90.0,) * 4}
    calm |= {"ink": (20.0, 20.0, 20.0), "paper": (240.0, 240.0, 240.0)}
    return type(plain)(**(vars(plain) | calm | changes))
