"""What large tables and many visitors cost: ``python tools/scaling.py rows | cluster | replicas``.

What is found goes into ``measurements/scaling.json``. The rows are a sentence, a picture of MNIST's, a recording of
FSDD's and all three together, by turns: it needs these data sets (MMDEMO_DATA). ``cluster`` takes root and Ray, too
(requirements-cluster.txt), and ``replicas`` takes nginx.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "helpers")]

import httpx  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import psutil  # noqa: E402
import typer  # noqa: E402
from balanced import ask, behind_nginx, visitor  # noqa: E402

from mmdemo.data.sources.folder import data_folder  # noqa: E402
from mmdemo.inference.explanations import TABLES  # noqa: E402
from mmdemo.inference.jobs import PART  # noqa: E402
from tools import measured  # noqa: E402
from tools.hosts import two_hosts  # noqa: E402
from tools.serving.servers import Server  # noqa: E402

AT_REST = 10  # percent of the processors that a cluster takes which is there: it starts workers before it is asked
RESTS = 60.0  # seconds until it does, at most: others may be at work on the machine
PAUSE = 2.0  # seconds for which a visitor looks at an answer
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
app = typer.Typer(add_completion=False, help=__doc__)


class Cost(NamedTuple):
    """What a command took: seconds by the clock and of the processor, and MiB of memory at most."""

    seconds: float
    processor: float
    mebibytes: float


def mixed_rows(file: Path, count: int) -> None:
    """Write a manifest of so many rows."""
    data = data_folder(None)
    pictures = next((data / "mnist").glob("t10k-images*"))
    sounds = sorted((data / "free-spoken-digit-dataset").rglob("*.wav"))
    rows = []
    for k in range(count):
        whole = f"{WORDS[k % 10]}, no wait, {WORDS[k // 10 % 10]}", f"{pictures}#{k % 10_000}", sounds[k % len(sounds)]
        rows.append([cell if k % 4 in (3, place) else "" for place, cell in enumerate(whole)])
    pd.DataFrame(rows, columns=["text", "image", "audio"]).to_csv(file, index=False)


def timed(command: Sequence[str | Path], folder: Path = ROOT) -> Cost:
    """Run a command to its end, on one thread."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    begun = time.perf_counter()
    process = subprocess.Popen(list(map(str, command)), cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"This failed: {' '.join(map(str, command))}")
    return Cost(time.perf_counter() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def explain(manifest: Path, out: Path, *more: str) -> list[str | Path]:
    """The command that explains a manifest."""
    return [sys.executable, "-m", "mmdemo", "explain-all", manifest, "--out", out, "--device", "cpu", *more]


def tables(out: Path) -> dict[str, pd.DataFrame]:
    """What was written, row by row."""
    return {name: pd.read_parquet(out / name).sort_values(list(TABLES[name].names[:2])) for name in TABLES}


def furthest(one: dict[str, pd.DataFrame], other: dict[str, pd.DataFrame]) -> float:
    """By how much any number of one differs from the other's, as a share of it where it is above 1; rows are alike."""
    most = 0.0
    for name in TABLES:
        for column in TABLES[name].names:
            for a, b in zip(one[name][column].tolist(), other[name][column].tolist(), strict=True):
                if isinstance(a, float | np.ndarray) and b is not None:
                    a, b = np.asarray(a, float), np.asarray(b, float)
                    gap = np.abs(a - b) / np.maximum(np.abs(a), 1)
                    most = max(most, float(np.nanmax(gap, initial=0.0)))
                elif a != b:
                    raise SystemExit(f"{name}: {column} differs: {a!r}, {b!r}")
    return most


@app.command()
def rows(
    count: Annotated[int, typer.Option(help="Rows; a tenth of them is explained first.")] = 4000,
    before: Annotated[str, typer.Option(help="A commit to compare with, such as the last with a loop of rows.")] = "",
) -> None:
    """What a row costs one process; whether ten times the rows cost ten times as much, and no more memory."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        few, many = (folder / f"{n}.csv" for n in (1, 10))
        for file, n in ((few, count // 10), (many, count)):
            mixed_rows(file, n)
        one = folder / "one.csv"
        mixed_rows(one, 4)
        start, tenth, whole = (timed(explain(file, folder / f"out-{file.stem}")) for file in (one, few, many))
        spent = (tenth.processor - start.processor, whole.processor - start.processor)
        bytes_out = sum(file.stat().st_size for file in (folder / "out-10").rglob("*.parquet"))
        found: dict[str, Any] = {
            "rows": count,
            "milliseconds a row": round(1000 * spent[1] / count, 2),
            "start, seconds": round(start.processor, 1),
            "bytes a row": round(bytes_out / count),
            "ten times the rows": {
                "times the processor": round(spent[1] / spent[0], 2),
                "MiB": [round(tenth.mebibytes), round(whole.mebibytes)],
            },
        }
        if before:
            tree = folder / "before"
            subprocess.run(["git", "worktree", "add", "-q", "--detach", tree, before], cwd=ROOT, check=True)
            try:
                was = [timed(explain(file, folder / f"was-{file.stem}"), tree) for file in (one, few)]
            finally:
                subprocess.run(["git", "worktree", "remove", "--force", tree], cwd=ROOT, check=True)
            earlier = was[1].processor - was[0].processor
            found["before"] = {
                "commit": before,
                "milliseconds a row": round(1000 * earlier / (count // 10), 2),
                "times as many rows a second": round(earlier / spent[0], 2),
            }
    command = f"python tools/scaling.py rows --count {count}" + f" --before {before}" * bool(before)
    measured.record("scaling.json", "rows", command, found)


@app.command()
def cluster(count: Annotated[int, typer.Option(help="Rows.")] = 5000) -> None:
    """Two hosts of a Ray cluster against two plain processes, and the same with one host killed half-way."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    with tempfile.TemporaryDirectory() as place, two_hosts() as hosts:
        folder = Path(place)
        mixed_rows(folder / "all.csv", count)
        whole = pd.read_csv(folder / "all.csv", dtype=str)
        begun = time.perf_counter()
        plain = []
        for k in range(2):
            whole.iloc[k::2].to_csv(folder / f"half-{k}.csv", index=False)
            command = explain(folder / f"half-{k}.csv", folder / f"half-{k}")
            plain.append(subprocess.Popen(command, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}))
        assert not any([process.wait() for process in plain])
        two_processes = time.perf_counter() - begun
        timed(explain(folder / "all.csv", folder / "alone"))
        alone = tables(folder / "alone")
        found: dict[str, Any] = {"rows": count, "two plain processes, seconds": round(two_processes, 1)}
        for name in ("undisturbed", "one host killed"):
            head, _ = _start_ray(hosts)
            begun = time.perf_counter()
            out = folder / name
            job = hosts[0].start(explain(folder / "all.csv", out, "--ray", head), cwd=ROOT)
            if name != "undisturbed":
                while len(list(out.glob("shares/*.parquet"))) < count // PART // 2 and job.poll() is None:
                    time.sleep(0.02)
                hosts[1].kill()
            assert job.wait() == 0
            seconds = time.perf_counter() - begun
            for host in hosts:
                host.kill()
            got = tables(out)
            found[name] = {
                "seconds": round(seconds, 1),
                "times two plain processes": round(seconds / two_processes, 2),
                "furthest from one process": furthest(alone, got),
                "rows once each": got["predictions"]["row"].tolist() == list(range(count)),
            }
    measured.record("scaling.json", "cluster", f"python tools/scaling.py cluster --count {count}", found)


def _start_ray(hosts: Sequence[Any]) -> tuple[str, list[subprocess.Popen]]:
    """A cluster of the hosts, one core of each, at rest: the address of its head, and what was started."""
    ray = [Path(sys.executable).with_name("ray"), "start", "--num-cpus=1", "--disable-usage-stats"]
    head = f"{hosts[0].address}:6379"
    own = [["--head", "--port=6379", "--include-dashboard=false"], [f"--address={head}"]]
    running = []
    for host, flags in zip(hosts, own, strict=True):
        command = [*ray, *flags, f"--node-ip-address={host.address}"]
        started = host.start(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT)
        with suppress(subprocess.TimeoutExpired):
            if started.wait(120):
                raise SystemExit(started.stderr.read().decode()[-2000:])
        running.append(started)
    until = time.monotonic() + RESTS
    while psutil.cpu_percent(2) > AT_REST and time.monotonic() < until:
        pass
    return head, running


@app.command()
def replicas(
    requests: Annotated[int, typer.Option(help="Readings that are asked for.")] = 2000,
    visitors: Annotated[int, typer.Option(help="Visitors, each with an address of their own.")] = 40,
) -> None:
    """Two servers behind nginx, as docs/hosting.md has it: both restarted in turn, then one killed, under load."""
    with tempfile.TemporaryDirectory() as place:
        folder, servers = Path(place), []
        for name in ("one", "two"):
            (folder / name).mkdir()
            servers.append(Server(folder / name / "uploads", "--trusted-hops", "1"))
        try:
            for server in servers:
                server.wait()
            with behind_nginx(servers, folder / "nginx") as url:
                found = asyncio.run(_visit(url, servers, requests, visitors))
        finally:
            for server in servers:
                if server.process.poll() is None:
                    server.process.kill()
    command = f"python tools/scaling.py replicas --requests {requests} --visitors {visitors}"
    measured.record("scaling.json", "replicas", command, found)


async def _visit(url: str, servers: list[Server], requests: int, visitors: int) -> dict[str, Any]:
    """What becomes of visitors' readings while servers come and go."""
    left, ends, begun = iter(range(requests)), Counter(), time.perf_counter()
    done: Counter[str] = Counter()

    async def one(number: int) -> None:
        word = WORDS[number % 10]
        async with visitor(url, f"127.0.2.{number + 1}") as http:
            for _ in left:
                for nth in ("first", "second"):
                    try:
                        event, said = await ask(http, f"{WORDS[number // 4 % 10]}, no wait, {word}")
                    except (httpx.TransportError, ValueError):
                        event, said = "broken off", ""
                    if event == "complete":
                        if json.loads(said)[0]["label"] != word:
                            ends[f"{stage}: another's answer, or a wrong one"] += 1
                        break
                    ends[f"{stage}: {nth} try {event}"] += 1
                done[stage] += event == "complete"
                await asyncio.sleep(PAUSE)

    stage = "undisturbed"
    running = [asyncio.create_task(one(number)) for number in range(visitors)]
    share = requests // 5
    while sum(done.values()) < share:
        await asyncio.sleep(0.1)
    stage = "rolling restart"
    for k, server in enumerate(servers):
        await asyncio.to_thread(server.stop)
        servers[k] = server.again()
        await asyncio.to_thread(servers[k].wait)
        await asyncio.sleep(6)  # until nginx asks it again
    while sum(done.values()) < min(requests - share, 4 * share):
        await asyncio.sleep(0.1)
    stage = "killed"
    servers[0].process.kill()
    await asyncio.gather(*running)
    seconds = round(time.perf_counter() - begun, 1)
    return {"requests": requests, "visitors": visitors, "seconds": seconds, "complete": dict(done), "not": dict(ends)}


if __name__ == "__main__":
    app()
