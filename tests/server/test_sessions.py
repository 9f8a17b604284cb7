"""What is kept of a visitor: their last reading, and none of what they gave."""

import json

import httpx
from gradio import state_holder

from mmdemo.app import build
from mmdemo.server import launch, sessions


def test_a_session_keeps_its_state_and_forgets_its_inputs(checkpoints):
    demo = build(checkpoints)
    _, url, _ = launch(demo, per_minute=0, server_name="127.0.0.1", prevent_thread_lock=True, quiet=True)
    try:
        with httpx.Client(base_url=url.rstrip("/"), timeout=60) as http:
            data = ["my secret seven", None, None, True, True, True, 0, 0, 0, 0, "digits"]
            asked = http.post("/gradio_api/call/run", json={"data": data, "session_hash": "mine"})
            assert "complete" in http.get(f"/gradio_api/call/run/{asked.json()['event_id']}").text
        kept = demo.state_holder["mine"]
        assert type(kept) is sessions.Session
        assert any(getattr(value, "said", None) for value in kept.state_data.values())  # the reading, to be asked about
        assert "secret" not in json.dumps(kept.config_values, default=str)
    finally:
        demo.close()


def test_gradio_still_makes_sessions_as_we_know_it():
    sessions.lighten()
    assert state_holder.SessionState is sessions.Session
    assert {"config_values", "state_data", "blocks_config"} <= set(vars(sessions.Session(build_nothing())))


def build_nothing():
    import gradio as gr

    with gr.Blocks() as demo:
        gr.Textbox()
    return demo
