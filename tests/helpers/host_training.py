"""A job of ``trainings`` as a program, so that ``torchrun`` can start it on a host: ``host_training.py JOB FOLDER``."""

import sys
from pathlib import Path

import torch
import trainings

if __name__ == "__main__":
    torch.set_num_threads(1)
    getattr(trainings, sys.argv[1])(Path(sys.argv[2]))
