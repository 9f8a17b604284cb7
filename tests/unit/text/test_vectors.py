import numpy as np
import torch

from mmdemo.config import TextConfig
from mmdemo.text.reader import token_ids, word_key
from mmdemo.text.stem import TextStem
from mmdemo.text.vectors import SIZE, WORDS, WordVectors

VECTORS = WordVectors.pretrained()


def vector(word):
    found, known = VECTORS(torch.tensor([word_key(word)]))
    return found[0] if known[0] else None


def alike(one, other):
    return float(torch.cosine_similarity(vector(one), vector(other), dim=0))


def test_there_are_as_many_as_the_tasks_say():
    assert VECTORS.keys.shape == (WORDS,) and VECTORS.vectors.shape == (WORDS, SIZE)
    assert (VECTORS.keys.diff() > 0).all()  # sorted, and no two words share a key


def test_words_that_mean_alike_lie_close():
    assert alike("happy", "glad") > alike("happy", "table") + 0.2
    assert alike("angry", "furious") > alike("angry", "seven") + 0.2


def test_a_word_that_nobody_knows_is_nought():
    found, known = VECTORS(torch.tensor([[word_key("qxzjv"), word_key("happy"), 0]]))
    assert known.tolist() == [[False, True, False]]
    assert not found[0, 0].any() and not found[0, 2].any() and found[0, 1].any()


def test_a_stem_with_vectors_reads_them_beside_the_spelling():
    config = TextConfig(buckets=64, ids_per_token=8, words=WORDS)
    stem = TextStem(config, 10)
    stem.words.load_state_dict(VECTORS.state_dict())
    ids = torch.from_numpy(token_ids(["happy", "qxzjv"], config))[None]  # (1, 2, 9)
    assert ids.shape == (1, 2, config.width) and int(ids[0, 0, 0]) == word_key("happy")
    with torch.no_grad():
        stem.embedding.weight.zero_()
        steps = stem(ids)[0]
    expected = stem.meaning(vector("happy"))
    np.testing.assert_allclose(steps[0].detach(), expected.detach(), atol=1e-5)
    assert not steps[1].any()  # of a word without a vector the spelling alone says something
