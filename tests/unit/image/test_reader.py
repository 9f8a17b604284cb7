import gzip
import io
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from mmdemo.config import ImageConfig
from mmdemo.image.decode import KEPT_SIDE, MAX_BYTES, open_picture
from mmdemo.image.face import near_face
from mmdemo.image.ink import find_ink
from mmdemo.image.reader import read_image
from mmdemo.image.strokes import stroke_width
from mmdemo.messages import InputError


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


REFERENCE = read_image(seven()).pixels


def test_a_stroke_at_a_known_place_gives_its_box():
    picture = np.full((480, 640, 3), 240, np.uint8)
    picture[100:300, 400:412] = 30
    seen = read_image(picture)
    assert seen.kind == "paper" and seen.absent is None and len(seen) == 14
    assert seen.size == (640, 480) and seen.scale == 1
    np.testing.assert_allclose(seen.box, (400, 100, 412, 300), atol=2)
    assert seen.candidates[0][0] == seen.box


def test_the_square_is_drawn_like_mnist():
    pixels = REFERENCE
    assert pixels.shape == (28, 28) and pixels.dtype == np.float32
    assert pixels.min() == 0 and pixels.max() == 1
    rows, columns = np.flatnonzero((pixels > 0.5).any(axis=1)), np.flatnonzero((pixels > 0.5).any(axis=0))
    assert rows[-1] - rows[0] + 1 in (19, 20, 21)  # the longest side
    assert columns[-1] - columns[0] + 1 in (10, 11, 12)
    centre = np.arange(28) @ pixels.sum(axis=1) / pixels.sum(), np.arange(28) @ pixels.sum(axis=0) / pixels.sum()
    np.testing.assert_allclose(centre, (14, 14), atol=0.3)


def test_slices_tile_the_picture_from_left_to_right_around_the_ink():
    seen = read_image(seven())
    boxes = seen.boxes
    assert boxes.shape == (14, 4)
    np.testing.assert_allclose(boxes[1:, 0], boxes[:-1, 2])  # each begins where the one before ends
    left, top, right, bottom = seen.box
    assert boxes[0, 0] < left and boxes[-1, 2] > right
    assert (boxes[:, 1] < top).all() and (boxes[:, 3] > bottom).all()
    pixel = (bottom - top) / 20
    np.testing.assert_allclose(boxes[:, 2] - boxes[:, 0], 2 * pixel, rtol=0.05)


@pytest.mark.parametrize("turned", [False, True])
def test_every_slice_shows_the_ink_of_its_box(turned):
    """Two routes to the ink in a slice: summed in the square, and counted in its box of the original."""
    picture = seven(2400, 1800, left=700, top=300, tall=900, thick=60)
    seen = read_image(picture[::-1, ::-1].copy() if turned else picture)
    dark = (picture if not turned else picture[::-1, ::-1]).mean(axis=2) < 128
    counted = [dark[round(y0) : round(y1), round(x0) : round(x1)].mean() for x0, y0, x1, y1 in seen.boxes]
    summed = seen.pixels.reshape(28, 14, 2).mean(axis=(0, 2))
    assert np.corrcoef(counted, summed)[0, 1] > 0.97


def test_slices_beyond_the_picture_end_at_its_edge():
    picture = np.full((200, 60, 3), 240, np.uint8)
    picture[20:180, 26:34] = 30
    boxes = read_image(picture).boxes
    assert boxes.min() >= 0 and boxes[:, 2].max() <= 60 and boxes[:, 3].max() <= 200
    assert boxes[0, 2] == 0  # the square reaches far beyond this narrow picture


@pytest.mark.parametrize("slices, size", [(7, 28), (28, 28), (16, 32)])
def test_the_config_says_size_and_slices(slices, size):
    seen = read_image(seven(), ImageConfig(size=size, slices=slices))
    assert seen.pixels.shape == (size, size) and seen.boxes.shape == (slices, 4)


def same_picture_in_other_clothes():
    picture = seven()
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    ink = 255 - grey
    see_through = np.dstack([np.zeros_like(picture), ink])
    light_see_through = np.dstack([np.full_like(picture, 255), ink])
    yield "bytes", png(picture)
    yield "jpeg", png(picture, format="JPEG")
    yield "webp", png(picture, format="WEBP")
    yield "tiff", png(picture, format="TIFF")
    yield "inverted", 255 - picture
    yield "grey", grey
    yield "one channel", grey[:, :, None]
    yield "16-bit array", grey.astype(np.uint16) * 257
    yield "16-bit file", png(grey.astype(np.uint16) * 257)
    yield "12 of 16 bits", grey.astype(np.uint16) * 16
    yield "32-bit file", png(Image.fromarray(grey.astype(np.int32) * 257), format="TIFF")
    yield "float file", png(Image.fromarray(grey.astype(np.float32) / 255), format="TIFF")
    yield "float 0..1", picture / 255
    yield "float 0..255", picture.astype(np.float32)
    yield "int64", picture.astype(np.int64)
    yield "bool", grey > 128
    yield "1-bit file", png(Image.fromarray(grey).convert("1", dither=Image.Dither.NONE))
    yield "black on nothing", see_through
    yield "black on nothing, file", png(see_through)
    yield "white on nothing", light_see_through
    yield "grey with alpha", see_through[:, :, 2:]
    yield "grey with alpha, file", png(Image.fromarray(see_through).convert("LA"))
    yield "opaque", np.dstack([picture, np.full_like(grey, 255)])
    yield "palette", png(Image.fromarray(picture).quantize(32))
    yield "gif", png(Image.fromarray(picture), format="GIF")
    yield "cmyk", png(Image.fromarray(picture).convert("CMYK"), format="JPEG")
    yield "PIL", Image.fromarray(picture)
    yield "half the size", cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    yield "12 megapixels", cv2.resize(picture, (4000, 3000), interpolation=cv2.INTER_CUBIC)
    yield "elsewhere", seven(left=30, top=230)
    yield "small", seven(left=500, top=60, tall=80, thick=6)
    yield "large", seven(left=150, top=40, tall=390, thick=27)
    yield "red pen", seven(ink=(210, 40, 50))
    yield "blue on yellow", seven(ink=(40, 60, 160), ground=(230, 220, 120))
    yield "pencil", seven(ink=(165, 165, 165))
    yield "chalk", seven(ink=(200, 200, 190), ground=(30, 60, 45))
    slope = np.linspace(1, 1 / 3, 640)[None, :, None]
    yield "uneven light", (picture * slope).astype(np.uint8)
    yield "dim and uneven", (picture * slope * 0.3).astype(np.uint8)
    rng = np.random.default_rng(0)
    yield "grain", np.clip(picture + rng.normal(0, 12, picture.shape), 0, 255).astype(np.uint8)
    lined = picture.copy()
    lined[15::30] = np.minimum(lined[15::30], (170, 190, 225))
    yield "lined", lined
    lined[:, 15::30] = np.minimum(lined[:, 15::30], (170, 190, 225))
    yield "squared", lined


@pytest.mark.parametrize("source", [pytest.param(s, id=name) for name, s in same_picture_in_other_clothes()])
def test_the_same_seven_whatever_it_comes_as(source):
    seen = read_image(source)
    assert seen.absent is None
    assert far(seen.pixels, REFERENCE) < 0.2, far(seen.pixels, REFERENCE)


def test_another_digit_is_not_the_same():
    """The bound above means something: a seven upside down is far beyond it."""
    assert far(REFERENCE[::-1, ::-1], REFERENCE) > 1


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


def test_thin_pens_come_out_about_as_thick_as_mnist():
    thick = [
        stroke_width((cv2.resize(read_image(seven(thick=n)).pixels, (112, 112)) > 0.5).view(np.uint8)) / 4
        for n in (2, 4, 8, 14)
    ]
    assert all(1.6 < one < 3.4 for one in thick), thick


def test_strokes_that_do_not_touch_are_joined():
    """A five whose bar was written apart."""
    picture = np.full((480, 640, 3), 235, np.uint8)
    body = np.array([[300, 150], [295, 220], [340, 215], [370, 245], [345, 300], [290, 300]])
    cv2.polylines(picture, [body], False, (20, 20, 60), 12, cv2.LINE_AA)
    cv2.line(picture, (322, 150), (375, 146), (20, 20, 60), 12, cv2.LINE_AA)
    np.testing.assert_allclose(read_image(picture).box, (284, 140, 381, 306), atol=4)


def test_the_largest_and_most_central_of_several_comes_first():
    picture = seven(left=260, top=140)
    picture = np.minimum(picture, seven(left=30, top=20, tall=60, thick=5))
    seen = read_image(picture)
    assert len(seen.candidates) >= 2
    assert seen.box[0] > 200 and seen.candidates[1][0][2] < 100
    assert seen.candidates[0][1] > seen.candidates[1][1]


def test_a_visitor_may_take_another():
    picture = np.minimum(seven(left=260, top=140), seven(left=30, top=20, tall=60, thick=5))
    first, second = read_image(picture), read_image(picture, candidate=1)
    assert (first.chosen, second.chosen) == (0, 1)
    assert second.candidates == first.candidates and second.box == first.candidates[1][0]
    assert far(first.pixels, second.pixels) < 0.3  # the same seven, smaller
    assert second.boxes[:, 2].max() < first.boxes[:, 0].min()
    assert read_image(picture, candidate=99).chosen == len(first.candidates) - 1
    assert read_image(picture, candidate=-1).chosen == 0


@pytest.mark.parametrize(
    "picture, key",
    [
        (np.zeros((480, 640, 3), np.uint8), "image.dark"),
        (np.full((480, 640, 3), 10, np.uint8), "image.dark"),
        (np.full((480, 640, 3), 255, np.uint8), "image.blank"),
        (np.full((480, 640), 60000, np.uint16), "image.blank"),
        (np.full((1, 1), 7, np.uint8), "image.dark"),
        (np.full((1, 1, 3), 200, np.uint8), "image.blank"),
        (np.full((28, 28), 255, np.uint8), "image.blank"),
        (np.zeros((28, 28), np.uint8), "image.dark"),
        (np.full((1, 20_000, 3), 180, np.uint8), "image.blank"),
        (np.full((20_000, 700), 180, np.uint8), "image.blank"),
        (np.full((50, 60), np.nan), "image.dark"),
        (np.zeros((40, 50, 4), np.uint8), "image.blank"),  # wholly transparent
    ],
)
def test_nothing_to_see_is_said_kindly(picture, key):
    seen = read_image(picture)
    assert seen.kind == "nothing" and seen.absent.key == key and len(seen) == 0
    assert seen.box is None and seen.boxes.shape == (0, 4) and not seen.pixels.any() and seen.candidates == ()
    assert len(str(seen.absent)) > 20


@pytest.mark.parametrize("seed", range(3))
def test_noise_and_shadows_are_not_ink(seed):
    rng = np.random.default_rng(seed)
    grain = rng.integers(0, 256, (240, 320, 3), np.uint8)
    assert read_image(grain).absent.key == "image.nothing"
    wall = np.clip(180 + rng.normal(0, 15, (480, 640, 3)), 0, 255).astype(np.uint8)
    assert read_image(wall).absent is not None
    shadow = np.full((480, 640, 3), 220, np.float32)
    cv2.ellipse(shadow, (320, 240), (60, 130), 20 * seed, 0, 360, (140, 140, 140), -1)
    assert read_image(cv2.GaussianBlur(shadow, (0, 0), 25).astype(np.uint8)).absent is not None


def test_an_empty_ruled_sheet_holds_no_digit():
    sheet = np.full((480, 640, 3), 235, np.uint8)
    sheet[20::40] = (150, 170, 210)
    assert read_image(sheet).absent is not None
    sheet[:, 20::40] = (150, 170, 210)
    assert read_image(sheet).absent is not None


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
        (png(Image.new("1", (5000, 4000))), "image.large"),
        (Image.new("1", (5000, 4000)), "image.large"),
        (np.zeros((4000, 5000), bool), "image.large"),
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


def test_stroke_width_by_hand():
    bar = np.zeros((100, 60), np.uint8)
    bar[10:90, 20:28] = 1
    assert stroke_width(bar) == pytest.approx(8, abs=1)


def test_no_face_in_a_plain_picture():
    assert near_face(seven()) is None
    assert find_ink(np.full((100, 100, 3), 200, np.uint8)) == []


@pytest.mark.data
def test_mnist_comes_through_unchanged(data_dir):
    raw = gzip.decompress((data_dir / "mnist" / "t10k-images-idx3-ubyte.gz").read_bytes())
    digits = np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 28, 28)[:1000]
    apart = np.array([np.abs(read_image(one).pixels - one / np.float32(255)).max() for one in digits])
    assert apart.max() < 0.05 and (apart < 0.01).mean() > 0.98
    light = np.array([np.abs(read_image(255 - one).pixels - one / np.float32(255)).max() for one in digits[:50]])
    assert light.max() < 0.05
    # Enlarged tenfold they are searched for, cut out and drawn again, thin ones a little thicker.
    for one in digits[:60]:
        again = read_image(cv2.resize(one, (280, 280), interpolation=cv2.INTER_CUBIC)).pixels
        assert np.corrcoef(again.ravel(), one.ravel())[0, 1] > 0.75


@pytest.mark.data
def test_a_face_is_no_ink(data_dir):
    faces = np.load(data_dir / "fer2013" / "fer2013.npz")
    happy = faces["images"][faces["labels"] == list(faces["classes"]).index("happy")][:20]
    oval = cv2.ellipse(np.zeros((300, 300), np.float32), (150, 150), (125, 150), 0, 0, 360, 1, -1)
    oval = cv2.GaussianBlur(oval, (0, 0), 15)
    called = 0
    for face in happy:
        picture = np.full((480, 640), 150, np.float32)
        large = cv2.resize(face, (300, 300), interpolation=cv2.INTER_LINEAR)
        picture[90:390, 170:470] += (large - 150.0) * oval
        seen = read_image(np.clip(picture, 0, 255).astype(np.uint8))
        if seen.kind == "face":
            called += 1
            assert seen.absent.key == "image.face" and len(seen) == 0
    assert called >= 5  # the cascade misses about half of these cut-outs
