"""Videos as browsers and phones record them: the mouth is followed, sound and picture keep their times."""

import numpy as np
import pytest
from films import KINDS, RATE, Pipe, film, opening, speaking, speech

from mmdemo.config import SAMPLE_RATE
from mmdemo.messages import InputError
from mmdemo.video import decode
from mmdemo.video.modality import Video, log_odds, offset_scores
from mmdemo.video.reader import SHAPE, View, mirrored, read_video

OPEN = np.array([opening(time) for time in np.arange(74) / 25])


def movement(given):
    """How dark the middle of the mouth is in each of its pictures."""
    return 255 - given.mouths[:, 12:20, 18:30].mean(axis=(1, 2))


def correlation(one, other):
    return float(np.corrcoef(one, other)[0, 1])


def loudness(given):
    """Of each 40 ms."""
    samples = given.samples[: len(given.samples) // 640 * 640].reshape(-1, 640)
    return np.sqrt((samples**2).mean(axis=1))[:74]


def refusal(contents):
    with pytest.raises(InputError) as refused:
        read_video(contents)
    assert str(refused.value)
    return refused.value.note.key


@pytest.fixture(scope="module")
def plain():
    return read_video(film())


@pytest.mark.parametrize("kind", KINDS)
def test_every_container_shows_the_mouth_and_keeps_the_sound_uncut(kind):
    given = read_video(film(kind))
    assert len(given) == 74 and len(given.mouths) == 74 and not given.absent
    assert given.seconds == pytest.approx(3.0, abs=0.05)
    assert len(given.samples) == pytest.approx(3 * SAMPLE_RATE, abs=0.05 * SAMPLE_RATE)
    assert correlation(movement(given), OPEN) > 0.85
    assert correlation(loudness(given), OPEN) > 0.85
    left, top, right, bottom = given.box
    assert left < 160 < right and top < 174 < bottom


def test_a_recording_that_does_not_say_how_long_it_is(plain):
    given = read_video(film("webm", file=Pipe()))
    assert len(given) == len(plain)
    assert correlation(movement(given), OPEN) > 0.85


def test_pictures_at_irregular_times_keep_their_times():
    times = np.r_[0, np.cumsum(np.random.default_rng(1).choice([0.03, 0.045, 0.07], 200))]
    given = read_video(film("webm", times=times[times < 2.96]))
    count = min(len(given.mouths), 74)
    assert correlation(movement(given)[:count], OPEN[:count]) > 0.8
    assert correlation(loudness(given)[:count], OPEN[:count]) > 0.85


@pytest.mark.parametrize("kind", ["mp4", "webm"])
def test_a_sound_that_begins_later_is_heard_when_it_was_recorded(kind):
    later = speech()[round(0.4 * RATE) :]  # the same speech, of which the beginning was not recorded
    given = read_video(film(kind, sound=later, sound_from=0.4))
    assert np.abs(given.samples[: round(0.3 * SAMPLE_RATE)]).max() < 1e-2
    assert correlation(loudness(given), OPEN) > 0.85


def test_a_face_that_moves_is_followed_and_the_lips_stay_where_they_are():
    def moving(time):
        return speaking(time, (int(19 * time), int(-6 * time)))

    given = read_video(film(picture=moving))
    assert correlation(movement(given), OPEN) > 0.8
    shut = given.mouths[OPEN == 0].astype(float)
    assert np.abs(shut - shut.mean(axis=0)).mean() < 8  # levels of 255


def test_what_a_phone_recorded_on_its_side_or_very_large_is_reduced():
    given = read_video(film(picture=lambda time: np.kron(speaking(time), np.ones((4, 4, 1), np.uint8))))
    assert given.size == (1280, 960) and not given.absent
    assert given.box[0] < 640 < given.box[2]


def test_without_a_face_or_speech_or_time_it_says_so(plain):
    def nobody(time):
        return np.full((240, 320, 3), 120, np.uint8)

    assert read_video(film(picture=nobody)).absent.key == "video.no_face"
    quiet = 1e-4 * np.random.default_rng(0).normal(size=3 * RATE)
    assert read_video(film(sound=quiet)).absent.key == "video.silence"
    short = read_video(film(times=np.arange(25) / 25, sound=speech(1.0)))
    assert short.absent.key == "video.short" and len(short) == 0
    for given in (short, plain):
        assert Video().item(given).shape == (len(given) // 2, Video().item(plain).shape[1])


def test_what_is_no_video_is_refused_kindly(monkeypatch, tmp_path):
    assert refusal(film(sound=[])) == "video.no_sound"
    assert refusal(film(picture=None)) == "video.no_picture"
    assert refusal(b"not a film at all") == "video.unreadable"
    assert refusal(film()[:200]) == "video.unreadable"
    assert refusal(str(tmp_path / "gone.webm")) == "video.missing"
    long = film(times=np.arange(0, 11, 0.2), sound=np.tile(speech(), 4)[: 11 * RATE])
    assert refusal(long) == "video.too_long"
    longer_than_it_says = film("webm", times=np.arange(0, 11, 0.2), sound=speech(), file=Pipe())
    assert refusal(longer_than_it_says) == "video.too_long"
    monkeypatch.setattr(decode, "MAX_WORK", 320 * 240 * 20)
    assert refusal(film()) == "video.much"
    monkeypatch.setattr(decode, "MAX_PIXELS", 320 * 240 - 1)
    assert refusal(film()) == "video.large"
    monkeypatch.setattr(decode, "MAX_BYTES", 1000)
    assert refusal(film()) == "video.heavy"


def test_a_part_of_a_file_is_read_with_its_sound_moved(tmp_path, plain):
    file = tmp_path / "one #1.mp4"
    file.write_bytes(film())
    (tmp_path / "two.mp4").write_bytes(film(sound=speech(late=0.24)))
    assert len(read_video(str(file))) == len(plain)  # the name's own # names no part
    part = read_video(f"{file}#t=0.48,2.48&late=0.24")
    assert len(part) == 50
    np.testing.assert_allclose(part.lips_at - part.voice_at, 0.24)
    np.testing.assert_array_equal(part.shapes, read_video(str(file)).shapes[6:31])
    other = read_video(f"{file}#t=0.48,2.48&sound=two.mp4")
    assert correlation(part.voice[:, -1], other.voice[:, -1]) > 0.6  # both are late
    whole = Video()
    for cell in (f"{file}#t=0.48,2.48&late=-0.16", f"{file}#late=0.4", f"{file}#t=1,2&sound=two.mp4"):
        wholes = [whole.item(read_video(name)) for name in whole.wholes(cell)]
        np.testing.assert_allclose(whole.part(wholes, cell), whole.item(read_video(cell)), atol=1e-6)
    for wrong in ("t=2,1", "late=x", "t=1", "late=nan", "t=1,2&colour=red"):
        assert refusal(f"{file}#{wrong}") == "video.fragment"
    assert View.of("a.mp4#t=0.48,2.48&late=0.24")[1] == View(6, 31, 3)
    assert str(View(6, 31, 3, "b.mp4")) == "t=0.48,2.48&late=0.24&sound=b.mp4"


def test_the_mirror_changes_the_lips_as_a_mirror_does():
    def turned(time):
        return speaking(time)[:, ::-1]

    one, other = read_video(film()), read_video(film(picture=turned))
    np.testing.assert_array_equal(mirrored(mirrored(one.shapes)), one.shapes)
    assert correlation(mirrored(one.shapes).ravel(), other.shapes.ravel()) > 0.8


def listener(items):
    """In sync where the mouth is as open as the voice is loud."""
    together = [correlation(item[:, :SHAPE] @ AXIS, item[:, -4]) for item in items]
    first = 1 / (1 + np.exp(-8 * np.array(together)))
    return np.stack([first, 1 - first], axis=1)


AXIS = np.zeros(SHAPE)


@pytest.mark.parametrize("late", [-0.24, 0.0, 0.16])
def test_the_best_offset_is_by_how_much_the_sound_is_late(late):
    whole = read_video(film(sound=speech(late=late)))
    shape = whole.shapes - whole.shapes.mean(axis=0)
    AXIS[:] = np.linalg.svd(shape)[2][0]
    AXIS[:] *= np.sign(correlation(shape @ AXIS, np.interp(whole.lips_at, np.arange(74) / 25, OPEN)))
    given = Video().consider(whole, {}, ["in sync", "out of sync"], listener)
    best = max(given.offsets, key=lambda pair: pair[1])[0]
    assert best == pytest.approx(late, abs=0.081) and len(given.offsets) == 13
    said = given.notes[-1]
    assert said.key == ("video.fits" if not best else "video.fits_late" if best > 0 else "video.fits_early")
    assert given.doubt.key == "video.experimental"
    assert np.median([score for _, score in given.offsets]) == pytest.approx(0, abs=1e-3)


def test_where_nothing_fits_nothing_is_said_to_fit(plain):
    def unsure(items):
        return np.tile([[0.6, 0.4]], (len(items), 1)) + 0.05 * np.arange(len(items))[:, None] / len(items) * [1, -1]

    given = Video().consider(plain, {}, ["in sync", "out of sync"], unsure)
    assert given.notes[-1].key == "video.fits_nowhere" and len(given.offsets) == 13


def test_a_sound_is_moved_by_hand(tmp_path):
    file = tmp_path / "talk.mp4"
    file.write_bytes(film())
    video = Video()
    for candidate, late in ((None, 0.0), (6, 0.0), (8, 0.16), (0, -0.48), (99, 0.48)):
        given = video.read(file, {}, candidate=candidate)
        assert video.preview(given)["late"] == pytest.approx(late)
        np.testing.assert_allclose(given.lips_at - given.voice_at, late, atol=1e-9)


def test_log_odds_by_hand():
    assert log_odds(np.array([0.5, 0.75], np.float32)) == pytest.approx([0, np.log(3)])
    assert log_odds(np.array([0.0, 1.0], np.float32)) == pytest.approx([-np.log(1e9), np.log(1e9)])


def test_each_windows_offsets_are_averaged():
    items = [np.zeros((40, 3 + SHAPE), np.float32)] * 2
    asked = []

    def ask(windows):
        asked.extend(windows)
        return np.tile([[0.5, 0.5]], (len(windows), 1))

    scores = offset_scores(items, [[6, 9], [6]], 20, ask)
    assert scores.shape == (2, 13) and len(asked) == 39 and {len(window) for window in asked} == {20}
    np.testing.assert_allclose(scores, 0)


def test_the_answers_json_has_the_offsets_where_there_are_some(plain):
    strip, shown = Video().strip(plain), Video().preview(plain)
    assert strip.shape == (2 * 32, 37 * 48)  # lips above, and the voice of the same moments below
    assert strip[40:, :48].mean() < 40 < strip[40:, 6 * 48 : 8 * 48].mean()  # it is silent until the first syllable
    assert shown["seconds"] == pytest.approx(3.0, abs=0.05)
    spans = list(Video().spans(plain))
    assert len(spans) == len(plain) and spans[0][1] == spans[1][1]


def test_in_training_noise_lies_under_the_voice_and_the_lips_stay(plain, monkeypatch):
    monkeypatch.setattr("mmdemo.video.modality.read_video", lambda source: plain)
    rng = np.random.default_rng(0)
    first, *noisy = Video().prepare("a video", None, variants=3, rng=rng, others=())
    np.testing.assert_array_equal(first, plain.numbers)
    for each in noisy:
        np.testing.assert_array_equal(each[:, :SHAPE], plain.shapes)
        assert np.abs(each[:, SHAPE:] - plain.voice).mean() > 0.1
    assert np.abs(noisy[0] - noisy[1]).max() > 0.1
