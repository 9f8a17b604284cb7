"""What is kept of a visitor between two requests: the page's own state, and nothing that they gave.

Gradio would also describe the whole page anew for every visitor, and write each value that they give into it, for links
that bring it all back. We close those; and the description takes longer to make than words take to be read.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import gradio as gr
from gradio import state_holder


class Session(state_holder.SessionState):
    """A visitor's state, without a description of the page."""

    def __init__(self, blocks: gr.Blocks) -> None:
        super().__init__(SimpleNamespace(default_config=blocks.default_config, blocks={}))

    def _update_value_in_config(self, key: int, value: Any) -> None:
        """Forget what an input holds."""


def lighten() -> None:
    """Let Gradio keep visitors' states so, from now on."""
    state_holder.SessionState = Session
