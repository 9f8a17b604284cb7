"""Two older ledgers, which stop at what was written into the cell: checks on the one that follows it further."""

import torch


def writes(inside, c_0=None):
    """What the initial state and each step are in the last cell, e_0 ... e_T: products of gates by hand, (T + 1, H)."""
    wrote = torch.cat([torch.zeros_like(inside.c[:1]) if c_0 is None else c_0.reshape(1, -1), inside.i * inside.g])
    return torch.stack([inside.f[s:].prod(0) * e for s, e in enumerate(wrote)])


def proportional(inside, direction):
    """Each write has the share of the shown memory that it has of the memory: (T,)."""
    c = inside.c[-1]
    return (writes(inside)[1:] * (inside.o[-1] * c.tanh() / c)) @ direction


def telescoped(inside, direction):
    """Murdoch & Szlam 2017: what each write adds to the tanh of those before it, (T,)."""
    return (inside.o[-1] * writes(inside).cumsum(0).tanh().diff(dim=0)) @ direction
