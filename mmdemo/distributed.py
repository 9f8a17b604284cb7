"""What training on several processes needs to be the same as on one."""

from __future__ import annotations

import torch
from torch import Tensor, distributed, nn


class SharedNorm(nn.BatchNorm2d):
    """Batch normalisation over the pictures of all processes.

    PyTorch's own SyncBatchNorm does the same, but on GPUs only. A process without a picture takes part, too.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> the same shape; B may be 0 and differ between the processes."""
        if not self.training:
            return super().forward(x)
        from torch.distributed.nn.functional import all_reduce  # not there in every build of PyTorch

        count = x.new_tensor([x.numel() / x.shape[1]])
        sums = all_reduce(torch.cat([x.sum((0, 2, 3)), x.square().sum((0, 2, 3)), count]))
        total = sums[-1].detach().clamp(min=1)
        mean, square = (sums[:-1] / total).chunk(2)
        spread = (square - mean.square()).clamp(min=0)
        with torch.no_grad():
            unbiased = spread * total / (total - 1).clamp(min=1)
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(unbiased, self.momentum)
            self.num_batches_tracked += 1
        scale = self.weight * (spread + self.eps).rsqrt()
        return x * scale[:, None, None] + (self.bias - mean * scale)[:, None, None]


def several() -> bool:
    """Whether this is one of several processes that train together."""
    return distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1


def share_norms(model: nn.Module) -> None:
    """Let the batch normalisation of a model span all processes, if there are several. Its state keeps its names."""
    if not several():
        return
    for module in model.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = SharedNorm
