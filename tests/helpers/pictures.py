"""Pictures that are made up: a seven of two strokes, as an array and as a file."""

import io

import cv2
import numpy as np
from PIL import Image


def seven(width=640, height=480, left=250, top=120, tall=200, thick=14, ink=(20, 20, 60), ground=(235, 235, 235)):
    """A seven of two strokes on a plain ground; its bar is half as wide as it is tall."""
    picture = np.full((height, width, 3), ground, np.uint8)
    wide = tall // 2
    corners = np.array([[left, top], [left + wide, top], [left + wide // 3, top + tall]])
    return cv2.polylines(picture, [corners], False, ink, thick, cv2.LINE_AA)


def far(a, b):
    """Mean difference of two squares, as a part of their mean ink."""
    return np.abs(a - b).mean() / b.mean()


def png(picture, **options):
    stream = io.BytesIO()
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image.save(stream, options.pop("format", "PNG"), **options)
    return stream.getvalue()
