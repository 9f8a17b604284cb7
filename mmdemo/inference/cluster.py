"""A job's parts on the machines of a Ray cluster, one predictor for each of its GPUs, or else for each of its cores.

What goes over the network is which part is whose, and that it is done: manifest, pictures, sounds, checkpoint and
results lie in folders that all machines see under the same names. Ray starts what has died again and has its parts made
again. That is all right, since a part's files are the same whoever makes them: see ``mmdemo.inference.jobs``.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import ray
import ray.data

from mmdemo.data.manifest.parts import Part
from mmdemo.inference.jobs import Done, Job, Worker, guard
from mmdemo.messages import InputError

REACH_SECONDS = 10.0
HELD = 1  # parts that a worker has at a time: to hand out the next takes no time beside that


class Cluster:
    """The crew that is a cluster's.

    Args:
        address: HOST:PORT of its head; "auto" for the one that this machine is part of, "local" for this machine alone.
    """

    def __init__(self, address: str) -> None:
        self.address = address

    def __call__(self, job: Job, parts: Sequence[Part]) -> Iterator[Done]:
        """Have parts of a job made, in any order, and tell of each that is done.

        Raises:
            InputError: there is no such cluster.
        """
        try:
            self._reach()
            ray.init(self.address, log_to_driver=False, logging_level=logging.ERROR)
        except (OSError, ValueError, RuntimeError) as error:
            raise InputError("jobs.no_cluster", address=self.address, why=str(error)) from error
        try:
            yield from self._work(job, parts)
        finally:
            ray.shutdown()

    def _reach(self) -> None:
        """Try the address first: where nobody listens, Ray tries for a minute and then ends this process."""
        host, _, port = self.address.removeprefix("ray://").rpartition(":")
        if host:
            with socket.create_connection((host, int(port)), timeout=REACH_SECONDS):
                pass

    def _work(self, job: Job, parts: Sequence[Part]) -> Iterator[Done]:
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = context.print_on_execution_start = False
        there = ray.cluster_resources()
        gpus = 0 if job.device == "cpu" else int(there.get("GPU", 0))
        count = min(gpus or int(there.get("CPU", 1)), len(parts))
        job = replace(job, **{name: Path(getattr(job, name)).absolute() for name in ("manifest", "checkpoint", "out")})
        items = [{"number": part.number, "first": part.first, "rows": part.rows, "place": part.place} for part in parts]
        made = ray.data.from_items(items, override_num_blocks=len(items)).map_batches(
            _Worker,
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(
                min_size=1, max_size=count, initial_size=count, max_tasks_in_flight_per_actor=HELD
            ),
            fn_constructor_args=(job,),
            num_cpus=0 if gpus else 1,
            num_gpus=1 if gpus else 0,
        )
        for row in made.iter_rows():
            yield Done(int(row["rows"]), int(row["failed"]))


class _Worker:
    """A worker as Ray Data calls it: with columns of as many parts as there are."""

    def __init__(self, job: Job) -> None:
        self.worker = Worker(job)
        guard()

    def __call__(self, columns: dict[str, Any]) -> dict[str, np.ndarray]:
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        done = [
            self.worker.work(
                Part(int(row["number"]), int(row["first"]), int(row["rows"]), tuple(int(n) for n in row["place"]))
            )
            for row in rows
        ]
        return {name: np.array([getattr(one, name) for one in done]) for name in Done._fields}
