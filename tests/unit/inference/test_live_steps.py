"""Steps for the page's own LSTM."""

import numpy as np
import torch
from tiny import CONFIG

from mmdemo.inference.live_steps import live_steps
from mmdemo.inference.predictor import Predictor
from mmdemo.model.multimodal_lstm import MultimodalLSTM


def test_words_become_the_steps_that_the_model_itself_reads():
    torch.manual_seed(0)
    predictor = Predictor(MultimodalLSTM(CONFIG), "cpu")
    steps, given = live_steps(predictor, "text", "go left now")
    assert steps.shape == (3, CONFIG.embedding_dim) and len(given) == 3
    with torch.inference_mode():
        states, _ = predictor.model.lstm(torch.from_numpy(steps)[None])
        belief = predictor.model.dense(states[0]).softmax(-1)
    result = predictor.predict(text="go left now")
    temperature = CONFIG.calibrated(["text"]).temperature
    assert temperature == 1
    assert np.allclose(belief.numpy(), result.step_probabilities, atol=1e-6)


def test_nothing_to_read_has_no_steps():
    steps, given = live_steps(Predictor(MultimodalLSTM(CONFIG), "cpu"), "image", np.full((60, 60, 3), 255, np.uint8))
    assert steps.shape == (0, CONFIG.embedding_dim)
    assert given.absent is not None
