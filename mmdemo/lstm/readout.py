"""The dense layer that turns an LSTM's output into class probabilities, with the temperature of its softmax."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True, eq=False)
class Readout:
    """softmax((W h + b) / temperature), as every explanation reads it.

    Wherever a readout is asked for, an ``nn.Linear`` will do: it is taken with a temperature of 1.

    Attributes:
        weight: W, shape (C, H) for C classes and H units.
        bias: b, shape (C,), or None if the layer has none.
        temperature: what the logits are divided by before the softmax (Guo et al. 2017, "On Calibration of Modern
            Neural Networks").

    Raises:
        ValueError: the shapes do not fit each other, or the temperature is not positive.
    """

    weight: Tensor
    bias: Tensor | None = None
    temperature: float = 1.0

    def __post_init__(self) -> None:
        if self.weight.dim() != 2 or (self.bias is not None and self.bias.shape != self.weight.shape[:1]):
            bias = None if self.bias is None else tuple(self.bias.shape)
            raise ValueError(
                f"weight must be (classes, units), bias (classes,) or None; got {tuple(self.weight.shape)} and {bias}"
            )
        if not self.temperature > 0:
            raise ValueError(f"the temperature must be positive, got {self.temperature}")

    @classmethod
    def of(cls, dense: nn.Linear, temperature: float = 1.0) -> Readout:
        """A dense layer as a readout. The weights are shared but detached, since an explanation trains nothing."""
        return cls(dense.weight.detach(), None if dense.bias is None else dense.bias.detach(), temperature)

    def logits(self, states: Tensor) -> Tensor:
        """The logits after the temperature: (..., H) -> (..., C)."""
        return F.linear(states, self.weight, self.bias) / self.temperature

    def probabilities(self, states: Tensor) -> Tensor:
        """The class probabilities that each state leads to: (..., H) -> (..., C)."""
        return self.logits(states).softmax(-1)

    def direction(self, contrast: Tensor) -> Tensor:
        """What one unit of output adds to a contrast of the logits: (..., C) -> (..., H)."""
        return contrast.to(self.weight) @ self.weight / self.temperature

    def offset(self, contrast: Tensor) -> Tensor:
        """What the bias adds to a contrast of the logits: (..., C) -> (...)."""
        bias = self.weight.new_zeros(len(self.weight)) if self.bias is None else self.bias
        return contrast.to(self.weight) @ bias / self.temperature


def as_readout(layer: Readout | nn.Linear) -> Readout:
    """A readout as it is, a dense layer as a readout with a temperature of 1.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(layer, Readout):
        return layer
    if not isinstance(layer, nn.Linear):
        raise TypeError(f"the readout must be a Readout or a torch.nn.Linear, got {type(layer).__name__}")
    return Readout.of(layer)
