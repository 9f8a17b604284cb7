"""What training on several processes needs to be the same as on one."""

from __future__ import annotations

import torch
from torch import Tensor, distributed, nn


def several() -> bool:
    """Whether this is one of several processes that train together."""
    return distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1


class SyncBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation (Ioffe & Szegedy 2015) that, in training, spans the pictures of all processes.

    Alone it is PyTorch's own, whose names its state has. PyTorch's ``SyncBatchNorm`` runs on GPUs only. A process
    without a picture must take part all the same.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> the same shape; B may be 0 and differ between the processes."""
        if not (self.training and several()):
            return super().forward(x)
        from torch.distributed.nn.functional import all_reduce  # its gradient is summed, too

        count = x.new_tensor([x.numel() / x.shape[1]])
        sums = all_reduce(torch.cat([x.sum((0, 2, 3)), count]))
        total = sums[-1].detach().clamp(min=1)
        mean = sums[:-1] / total
        centred = x - mean[:, None, None]
        variance = (
            all_reduce(centred.square().sum((0, 2, 3))) / total
        )  # in two passes: no small difference of large sums
        with torch.no_grad():
            momentum = self.momentum * (sums[-1] > 0).to(x)  # where nobody has a picture, nothing is learnt of them
            self.running_mean.lerp_(mean, momentum)
            self.running_var.lerp_(variance * total / (total - 1).clamp(min=1), momentum)
            self.num_batches_tracked += 1
        scale = self.weight * (variance + self.eps).rsqrt()
        return centred * scale[:, None, None] + self.bias[:, None, None]
