"""Any picture in, upright and not too large; or a sentence that says why not."""

import zlib

import numpy as np
import pytest
from pictures import far, png, seven
from PIL import Image

from mmdemo.image import decode
from mmdemo.image.decode import KEPT_SIDE, MAX_BYTES, open_picture
from mmdemo.image.reader import read_image
from mmdemo.messages import InputError

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


def test_a_file_that_goes_while_it_waits_for_its_turn_is_missing(tmp_path):
    with pytest.raises(InputError) as error:
        decode._open_file(tmp_path / "gone.png")
    assert error.value.note.key == "image.missing"
