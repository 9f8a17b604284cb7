"""The inside of any ``nn.LSTM``: its exact gates, what it remembers, and why it answered. Needs PyTorch alone.

``trace`` shows every gate, ``ledger`` adds the answer up from what each step wrote, ``changed`` from what each step
changed, ``rerun`` and ``ablate`` ask what would have been, ``faithfulness`` tests the ledger, and ``explain`` does all
of it for one sequence, ``explain_many`` most of it for many at once.

>>> import torch
>>> lstm, dense, x = torch.nn.LSTM(20, 64), torch.nn.Linear(64, 5), torch.randn(50, 20)
>>> inside = trace(lstm, x)
>>> inside.f.shape
torch.Size([50, 64])
>>> ledger(lstm, dense, x, contrast(5, 2), inside=inside).steps.shape
torch.Size([50])

The functions ``trace``, ``ledger`` and ``faithfulness`` have the names of their files, and stand in front of them here:
``from mmdemo.lstm.trace import SIGNALS`` finds the file, ``from mmdemo.lstm import trace`` the function.
"""

from mmdemo.lstm.counterfactual import (
    GateIntervention,
    ablate,
    changed,
    last_states,
    rerun,
    run_coalitions,
    shapley,
)
from mmdemo.lstm.explanation import Explanation, Step, explain
from mmdemo.lstm.faithfulness import Deletion, faithfulness, infidelity, integrated_gradients
from mmdemo.lstm.ledger import Ledger, against_runner_up, contrast, forgotten_share, ledger, triangle
from mmdemo.lstm.many import Credits, explain_many
from mmdemo.lstm.readout import Readout
from mmdemo.lstm.trace import SIGNALS, Trace, full_precision, trace
from mmdemo.lstm.trajectory import let_go

__all__ = [
    "SIGNALS",
    "Credits",
    "Deletion",
    "Explanation",
    "GateIntervention",
    "Ledger",
    "Readout",
    "Step",
    "Trace",
    "ablate",
    "against_runner_up",
    "changed",
    "contrast",
    "explain",
    "explain_many",
    "faithfulness",
    "forgotten_share",
    "full_precision",
    "infidelity",
    "integrated_gradients",
    "last_states",
    "ledger",
    "let_go",
    "rerun",
    "run_coalitions",
    "shapley",
    "trace",
    "triangle",
]
