"""Any picture in, upright and not too large; or a sentence that says why not."""

import io
import zlib

import cv2
import numpy as np
import pytest
from pictures import far, png, seven
from PIL import Image

from mmdemo.image import decode
from mmdemo.image.decode import KEPT_SIDE, MAX_BYTES, open_picture
from mmdemo.image.reader import read_image
from mmdemo.inference.predictor import Predictor
from mmdemo.messages import InputError
from mmdemo.resources import CHECKPOINTS

REFERENCE = read_image(seven()).pixels


@pytest.mark.parametrize("orientation", range(1, 9))
def test_rotation_noted_by_the_camera_is_undone(orientation):
    undo = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE"}
    undo |= {6: "ROTATE_90", 7: "TRANSVERSE", 8: "ROTATE_270"}  # what makes a camera's picture of the upright one
    upright = Image.fromarray(seven(1600, 1200, left=700, top=300, tall=500, thick=35))
    stored = upright.transpose(Image.Transpose[undo[orientation]]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    seen = read_image(png(stored, format="JPEG", exif=exif, quality=95))
    assert seen.size == (1600, 1200)
    assert seen.picture.shape[1] / seen.picture.shape[0] == pytest.approx(4 / 3, rel=0.01)
    np.testing.assert_allclose(seen.box, (682, 282, 968, 818), atol=8)
    assert far(seen.pixels, REFERENCE) < 0.2


@pytest.mark.parametrize(
    "source, key",
    [
        (b"", "image.unreadable"),
        (b"seven", "image.unreadable"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "image.unreadable"),
        (b"\0" * (MAX_BYTES + 1), "image.heavy"),
        ("no/such/picture.png", "image.missing"),
        (png(seven())[:-700], "image.broken"),
        (png(seven(), format="JPEG")[:-4000], "image.broken"),
        (png(Image.new("1", (8000, 7000))), "image.large"),
        (Image.new("1", (8000, 7000)), "image.large"),
        (np.zeros((7000, 8000), bool), "image.large"),
        (np.zeros((0, 5)), "image.unreadable"),
        (np.zeros(28), "image.shape"),
        (np.zeros((28, 28, 5)), "image.shape"),
        (np.zeros((28, 28), complex), "image.shape"),
        (np.full((28, 28), "a"), "image.shape"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(source, key):
    with pytest.raises(InputError) as refused:
        read_image(source)
    assert refused.value.note.key == key
    assert "{" not in str(refused.value)


def test_a_lying_header_is_refused_before_anything_is_decoded():
    """A PNG of a few bytes that claims to be 60,000 pixels wide and high."""
    lying = bytearray(png(np.zeros((4, 4), np.uint8)))
    lying[16:24] = (60_000).to_bytes(4, "big") * 2
    lying[29:33] = zlib.crc32(bytes(lying[12:29])).to_bytes(4, "big")
    with pytest.raises(InputError) as refused:
        read_image(bytes(lying))
    assert refused.value.note.key == "image.large"


def test_large_pictures_are_reduced_and_keep_their_true_size(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(png(seven(4000, 3000, left=1500, top=600, tall=1500, thick=90), format="JPEG"))
    picture, size = open_picture(path)
    assert size == (4000, 3000) and picture.shape == (KEPT_SIDE * 3 // 4, KEPT_SIDE, 3)
    seen = read_image(str(path))
    np.testing.assert_allclose(seen.box, (1455, 555, 2295, 2145), atol=25)


# The photos of phones


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("HEIF", {"quality": 80}),
        ("HEIF", {"quality": -1, "chroma": 444}),
        ("AVIF", {"speed": 10}),
        ("AVIF", {"quality": 100, "speed": 10}),
    ],
)
def test_other_formats_are_read_like_their_png_twin(kind, options):
    twin, size = open_picture(png(seven()))
    other, other_size = open_picture(png(seven(), format=kind, **options))
    assert other_size == size
    assert np.abs(other.astype(int) - twin).mean() < 3
    assert far(read_image(png(seven(), format=kind, **options)).pixels, REFERENCE) < 0.1


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_photos_of_phones_are_upright(kind, orientation):
    """Their turn is noted in the file's own boxes; the camera's notes may say it once more."""
    undo = {3: "ROTATE_180", 6: "ROTATE_90", 8: "ROTATE_270"}[orientation]
    stored = Image.fromarray(seven()).transpose(Image.Transpose[undo])
    exif = Image.Exif()
    exif[0x0112] = orientation
    contents = png(stored, format=kind, exif=exif, quality=90)
    if kind == "HEIF":  # the library writes no turn: a box that nobody needs becomes one, in quarters to the left
        at = contents.index(b"pixi")
        contents = contents[:at] + b"irot" + bytes([{3: 2, 6: 3, 8: 1}[orientation]]) + contents[at + 5 :]
    assert b"irot" in contents
    seen = read_image(contents)
    assert seen.size == (640, 480)
    assert far(seen.pixels, REFERENCE) < 0.2


@pytest.mark.parametrize("name", ["nine", "three"])
@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "HEIF", "AVIF", "GIF"])
def test_the_digits_model_answers_the_same(digits, kind, name):
    picture = upright_digit(name)
    for image in (png(picture), png(picture, format=kind)):
        assert digits.predict(image=image).label == name


@pytest.fixture(scope="module")
def digits():
    return Predictor.load(CHECKPOINTS / "digits", "cpu")


def upright_digit(name):
    """A digit of a few strokes."""
    picture = np.full((480, 640, 3), 235, np.uint8)
    if name == "three":
        cv2.ellipse(picture, (310, 180), (60, 55), 0, -150, 90, (20, 20, 60), 16, cv2.LINE_AA)
        cv2.ellipse(picture, (310, 300), (70, 65), 0, -90, 150, (20, 20, 60), 16, cv2.LINE_AA)
    else:
        cv2.circle(picture, (310, 180), 60, (20, 20, 60), 16, cv2.LINE_AA)
        cv2.line(picture, (370, 180), (350, 360), (20, 20, 60), 16, cv2.LINE_AA)
    return picture


@pytest.mark.parametrize(
    ("kind", "mode", "width", "options"),
    [
        ("JPEG", "RGB", 8000, {}),
        ("JPEG", "L", 8000, {"progressive": True}),
        ("PNG", "RGBA", 8000, {"compress_level": 1}),
        ("PNG", "RGB", 4000, {"compress_level": 1}),
        ("PNG", "P", 2800, {}),
        ("PNG", "I;16", 2800, {}),
        ("PNG", "1", 2800, {}),
        ("TIFF", "F", 1400, {"compression": "tiff_lzw"}),
        ("HEIF", "RGB", 2800, {"quality": 30}),
        ("AVIF", "RGBA", 2800, {"speed": 10}),
    ],
    ids=lambda value: "" if isinstance(value, dict) else str(value),
)
def test_the_largest_pictures_of_phones_are_reduced(kind, mode, width, options):
    """Up to 48 megapixels."""
    height = width * 3 // 4
    large = cv2.resize(seven(), (width, height), interpolation=cv2.INTER_LINEAR)
    if mode in ("I;16", "F"):
        image = Image.fromarray(large[:, :, 0].astype(np.uint16) << 8 if mode == "I;16" else np.float32(large[:, :, 0]))
    else:
        image = Image.fromarray(large).convert(mode)
    picture, size = open_picture(png(image, format=kind, **options))
    assert size == (width, height) and picture.shape == (KEPT_SIDE * 3 // 4, KEPT_SIDE, 3)
    assert far(read_image(picture).pixels, REFERENCE) < 0.3


def test_a_long_strip_is_reduced_too():
    strip = np.full((600, 45_000, 3), 200, np.uint8)
    picture, size = open_picture(png(strip, compress_level=1))
    assert size == (45_000, 600) and picture.shape == (18, KEPT_SIDE, 3)


# Animations


def animation(frames, kind, **options):
    stream = io.BytesIO()
    first, *others = [frame if isinstance(frame, Image.Image) else Image.fromarray(frame) for frame in frames]
    first.save(stream, kind, save_all=True, append_images=others, duration=100, **options)
    return stream.getvalue()


ANIMATIONS = [
    ("GIF", {}),
    ("WEBP", {"lossless": True}),
    ("WEBP", {"quality": 60}),
    ("PNG", {}),
    ("AVIF", {"speed": 10}),
]


@pytest.mark.parametrize(("kind", "options"), ANIMATIONS)
@pytest.mark.parametrize("blanks", [1, 5])
def test_of_an_animation_the_first_frame_is_read_that_shows_anything(kind, options, blanks):
    blank = [np.full_like(seven(), 235 - k) for k in range(blanks)]  # like frames would be stored once
    assert read_image(animation([*blank, seven(), np.zeros_like(seven())], kind, **options)).absent is None
    seen = read_image(animation([*blank, seven(), np.zeros_like(seven())], kind, **options))
    assert far(seen.pixels, REFERENCE) < 0.15


def test_a_transparent_first_frame_is_blank():
    clear = Image.new("RGBA", (640, 480), (255, 255, 255, 0))
    assert read_image(animation([clear, Image.fromarray(seven()).convert("RGBA")], "PNG")).absent is None


def test_the_first_frame_stays_if_it_shows_anything():
    frames = [seven(), np.zeros_like(seven())]
    for kind, options in ANIMATIONS:
        assert far(read_image(animation(frames, kind, **options)).pixels, REFERENCE) < 0.15


def test_frames_are_counted(monkeypatch):
    blank = [np.full_like(seven(), 200 + k) for k in range(12)]
    contents = animation([*blank, seven()], "GIF")
    assert read_image(contents).absent is None
    monkeypatch.setattr(decode, "MAX_FRAMES", 12)
    assert read_image(contents).absent.key == "image.blank"
    monkeypatch.setattr(decode, "MAX_FRAMES", 32)
    monkeypatch.setattr(decode, "MAX_PIXELS", 640 * 480 * 12)
    assert read_image(contents).absent.key == "image.blank"


def test_a_damaged_later_frame_leaves_the_first():
    contents = animation([np.full_like(seven(), 235), seven()], "GIF")
    assert read_image(contents[:-200]).absent is None or read_image(contents[:-200]).absent.key == "image.blank"


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_broken_photos_are_refused_or_read(kind):
    """Never anything but a sentence or a picture, wherever the damage is."""
    contents = png(seven(), format=kind)
    rng = np.random.default_rng(0)
    for _ in range(30):
        damaged = bytearray(contents[: rng.integers(len(contents))] if rng.integers(2) else contents)
        for place in rng.integers(0, max(min(len(damaged), 600), 1), 4):
            damaged[place : place + 4] = rng.bytes(4)
        try:
            open_picture(bytes(damaged))
        except InputError as refused:
            assert str(refused)


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_a_photo_whose_header_lies_is_refused(kind):
    """Its boxes claim 60,000 pixels on either side."""
    contents = bytearray(png(seven(), format=kind))
    at = contents.index(b"ispe") + 8
    contents[at : at + 8] = (60_000).to_bytes(4, "big") * 2
    with pytest.raises(InputError) as refused:
        open_picture(bytes(contents))
    assert refused.value.note.key in ("image.large", "image.unreadable", "image.broken")


def test_a_file_that_goes_while_it_waits_for_its_turn_is_missing(tmp_path):
    with pytest.raises(InputError) as error:
        decode._open_file(tmp_path / "gone.png")
    assert error.value.note.key == "image.missing"
