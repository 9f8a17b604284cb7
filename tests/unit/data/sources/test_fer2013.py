import cv2
import numpy as np

from mmdemo.data.sources.fer2013 import face_splits, groups


def some(count=60, seed=0):
    """Blurred noise: pictures that are as unlike as faces, and more."""
    noise = np.random.default_rng(seed).normal(size=(count, 48, 48)).astype(np.float32)
    blurred = np.stack([cv2.GaussianBlur(picture, (0, 0), 4) for picture in noise])
    return np.clip(128 + 50 * blurred / blurred.std(), 0, 255).astype(np.uint8)


def changed(face):
    """The same photo from another site: darker, cropped by a pixel, saved again."""
    moved = np.roll(face, 1, axis=1) * 0.8
    return cv2.imdecode(cv2.imencode(".jpg", moved.astype(np.uint8))[1], cv2.IMREAD_GRAYSCALE)


def test_a_photo_and_its_copies_are_one_group_and_others_are_not():
    faces = some()
    found = groups(np.concatenate([faces, [changed(faces[7]), changed(faces[9])]]))
    assert found[60] == found[7] and found[61] == found[9]
    assert len(set(found)) == 60


def test_no_group_is_in_two_splits_and_the_order_does_not_matter():
    faces = some(400)
    faces = np.concatenate([faces, np.stack([changed(face) for face in faces[:200]])])
    splits, group = face_splits(faces, 0)
    assert all(len(set(splits[group == one])) == 1 for one in set(group))
    assert 0.06 < (splits == "test").mean() < 0.2 and (splits == "validation").any()
    turned, _ = face_splits(faces[::-1], 0)
    assert (turned[::-1] == splits).all()
    assert (face_splits(faces, 1)[0] != splits).any()
