"""Four honest visitors beside strangers who mean harm: what becomes of their answers, of the server and of its end."""

from __future__ import annotations

import asyncio
import http.client
import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import Enum
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from statistics import median
from typing import Annotated, Any
from urllib.parse import urlsplit

import httpx
import psutil
import typer
from asking import page_values, read_stream
from honest import VISITORS, Kept, answered, given, visit
from servers import Server, served
from tries import BAD, TRIES, Stranger

STRANGERS = [f"127.0.0.{number}" for number in range(9, 60)]  # where they come from: each has an allowance of its own
WATCHER = "127.0.0.8"
EVERY = 0.03  # seconds between two looks at /health
MEANT = {"503", "507"}  # refusals that a server means, however they look
BARS = {"ratio": 2.0, "health": 0.1, "growth": 1.1, "end": 33.0}


class Then(str, Enum):
    """What is done to the server in the middle of it."""

    sigterm = "sigterm"
    kill = "kill"


def hostile(
    seed: Annotated[int, typer.Option(help="Of all that varies from try to try.")] = 0,
    tries: Annotated[int, typer.Option(help="How many, of all kinds in turn.")] = 300,
    at_once: Annotated[int, typer.Option(help="Tries that work at the same time, and as many that only wait.")] = 4,
    rounds: Annotated[int, typer.Option(help="Requests of each honest visitor on the quiet server.")] = 15,
    hold: Annotated[float, typer.Option(help="Seconds for which a connection is held open.")] = 8.0,
    minutes: Annotated[float, typer.Option(help="After which the server deletes files.")] = 0.5,
    scale: Annotated[float, typer.Option(help="Of the floods, as a share of what would do harm.")] = 1.0,
    wait: Annotated[bool, typer.Option(help="Wait until the server should have deleted all files.")] = True,
    checkpoints: Annotated[
        Path | None, typer.Option(help="Folder of the tasks.", show_default="the shipped ones")
    ] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind of try; may be repeated.")] = None,
    then: Annotated[
        Then | None,
        typer.Option(help="sigterm: stop servers under each kind of load; kill: kill workers under honest load."),
    ] = None,
) -> dict[str, Any]:
    """Honest visitors beside hundreds of hostile tries: nobody is kept waiting, nothing is lost, nothing is left."""
    kinds = kind or list(TRIES)
    if then is Then.sigterm:
        return _stopped(seed, kinds, hold, checkpoints)
    if then is Then.kill:
        return _killed(seed, max(rounds, 20), checkpoints)
    with served("--rate", "600", minutes=minutes, checkpoints=checkpoints) as server:
        cleaned = 60 * minutes + min(60.0, 15 * 60 * minutes) + 5 if wait else 0.0
        return _beside(server, seed, kinds, (tries, at_once, hold, scale), rounds, cleaned)


# Processes of their own, so that none of them slows down another


@contextmanager
def beside(function: Callable[..., Any], *arguments: Any) -> Iterator[Callable[[], Any]]:
    """Run ``function(told, *arguments)`` in a process of its own until it is told to end or ends by itself.

    Yields:
        a function that tells it to end and returns what it found; its attribute ``done`` says whether it has ended.
    """
    fork = multiprocessing.get_context("fork")  # which need not import all of it once more, beside a server that starts
    ours, its = fork.Pipe()
    process = fork.Process(target=_reporting, args=(its, function, arguments), daemon=True)
    process.start()
    its.close()
    ours.recv()  # it has begun

    def end() -> Any:
        with suppress(OSError):
            ours.send("end")
        return ours.recv()

    end.done = ours.poll
    try:
        yield end
    finally:
        process.kill()
        process.join()


def _reporting(told: Connection, function: Callable[..., Any], arguments: Sequence[Any]) -> None:
    told.send("begun")
    told.send(function(told, *arguments))


def watch(told: Connection, url: str) -> dict[str, Any]:
    """Ask for /health again and again, each time on a new connection; what it took, in seconds."""
    host, took, late, other = urlsplit(url), [], [], Counter()
    while not told.poll():
        begun = time.perf_counter()
        try:
            asked = http.client.HTTPConnection(host.hostname, host.port, timeout=60, source_address=(WATCHER, 0))
            asked.request("GET", "/health")
            status = asked.getresponse().status
            asked.close()
            if status != 200:
                other[str(status)] += 1
        except OSError as error:
            other[type(error).__name__] += 1
        took.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        time.sleep(EVERY)
        late.append(time.perf_counter() - begun - EVERY)
    return {"took": took, "late": late, "other": dict(other)}


def attack(
    told: Connection,
    url: str,
    seed: int,
    kinds: Sequence[str],
    tries: int | None,
    at_once: int,
    hold: float,
    scale: float,
) -> dict[str, Any]:
    """Make tries of all kinds in turn, several at once, until there were enough or the end is told.

    Returns:
        by kind how many there were, how their requests ended, and the seconds of the longest.
    """
    with suppress(AttributeError, OSError):
        os.nice(10)  # real ones would have machines of their own
    return asyncio.run(_attack(told, url, seed, kinds, tries, at_once, hold, scale))


async def _attack(
    told: Connection,
    url: str,
    seed: int,
    kinds: Sequence[str],
    tries: int | None,
    at_once: int,
    hold: float,
    scale: float,
) -> dict[str, Any]:
    found = {name: {"tries": 0, "ends": Counter(), "longest": 0.0} for name in kinds}
    chance = Random(seed)

    def plan() -> Iterator[tuple[str, int]]:
        number = 0
        while tries is None or number < tries:
            for name in chance.sample(list(kinds), len(kinds)):  # each once before any comes again
                if tries is not None and number >= tries:
                    return
                yield name, number
                number += 1

    waiting = {True: asyncio.Semaphore(at_once), False: asyncio.Semaphore(at_once)}

    async def one(name: str, number: int) -> None:
        mine = Random(f"{seed} {name} {number}")
        who = Stranger(url, mine.choice(STRANGERS), mine, hold * mine.uniform(0.3, 1), scale)
        begun = time.perf_counter()
        try:
            ends = await TRIES[name].attempt(who)
        except (httpx.HTTPError, OSError) as error:
            ends = [f"hung up ({type(error).__name__})"]
        found[name]["tries"] += 1
        found[name]["ends"].update(ends)
        found[name]["longest"] = max(found[name]["longest"], time.perf_counter() - begun)
        if ends:
            print(f"{number:4} {name:30} {time.perf_counter() - begun:5.1f} s  {dict(Counter(ends))}", flush=True)

    running: set[asyncio.Task] = set()
    for name, number in plan():
        slot = waiting[TRIES[name].holds]
        while slot.locked() and not told.poll():
            await asyncio.sleep(0.01)
        if told.poll():
            break
        await slot.acquire()
        running.add(task := asyncio.create_task(one(name, number)))
        task.add_done_callback(lambda task, slot=slot: (slot.release(), running.discard(task)))
    while running and not told.poll():
        await asyncio.wait(running, timeout=0.1)
    for task in list(running):
        task.cancel()
    return {name: {**one, "ends": dict(one["ends"].most_common())} for name, one in found.items()}


# Beside them


def _beside(
    server: Server, seed: int, kinds: Sequence[str], how: tuple[Any, ...], rounds: int, cleaned: float
) -> dict[str, Any]:
    asyncio.run(visit(server.url, lambda number: number >= 3, seed, "warm"))
    with beside(watch, server.url) as watching:
        quiet = asyncio.run(visit(server.url, lambda number: number >= rounds, seed, "quiet"))
        quiet_health = watching()
    time.sleep(2)
    before, workers = server.memory(shared_once=True), len(server.workers())
    begun = time.perf_counter()
    with (
        beside(watch, server.url) as watching,
        beside(attack, server.url, seed, kinds, *how) as attacking,
    ):
        honest = asyncio.run(visit(server.url, lambda number: attacking.done() and number >= 3, seed, "beside"))
        took = time.perf_counter() - begun
        made, health = attacking(), watching()
    if server.process.poll() is not None:
        raise SystemExit(f"The server ended in the middle:\n{server.log.read_text()[-3000:]}")
    left = _left(server, cleaned)
    if cleaned:
        asyncio.run(visit(server.url, lambda number: number >= 2, seed, "after"))
        time.sleep(2)
    after = server.memory(shared_once=True)
    unexpected, log = _unexpected(server), server.log.read_text(encoding="utf-8", errors="replace")
    ends = sum((Counter(one["ends"]) for one in made.values()), Counter())
    faults = [f"{name}: {end}" for name, one in made.items() for end in one["ends"]
              if end in BAD or (end.startswith("5") and end not in MEANT)]  # fmt: skip
    ratios = {name: _ratio(honest[name].seconds, quiet[name].seconds) for name in VISITORS}
    bars = {
        "tries that ended in a fault": (len(faults), 0),
        "unexpected in the log": (len(unexpected) + log.count("Traceback"), 0),
        "honest answers that were not right": (sum(len(one.wrong) for one in honest.values()), 0),
        "readings that were forgotten": (sum(one.forgotten for one in honest.values()), 0),
        "largest median against quiet": (max(ratios.values()), BARS["ratio"]),
        "/health, p99 in seconds": (_share(health["took"], 0.99), BARS["health"]),
        "/health not ready": (sum(health["other"].values()), 0),
        "memory against before": (round(after / before, 2), BARS["growth"]),
        "files left": (len(left), 0),
    }
    found = {
        "seed": seed,
        "tries": sum(one["tries"] for one in made.values()),
        "minutes": round(took / 60, 1),
        "kinds": made,
        "statuses and ends": dict(ends.most_common()),
        "faults": faults,
        "unexpected in the log": unexpected[:5],
        "honest": {name: _told(honest[name], quiet[name], ratios[name]) for name in VISITORS},
        "health": {
            "asked": len(health["took"]),
            "p99": _share(health["took"], 0.99),
            "longest": _share(health["took"], 1),
            "quiet, p99": _share(quiet_health["took"], 0.99),
            "the asker's own lateness, p99": _share(health["late"], 0.99),
            "other than ready": health["other"],
        },
        "MiB": {"before": round(before), "after": round(after), "processes besides the server": workers},
        "files left": left[:10],
        **_judged(bars),
    }
    _print_kinds(found)
    return found


def _left(server: Server, seconds: float) -> list[str]:
    """The files that are still there after so many seconds."""
    until = time.monotonic() + seconds
    while True:
        places = (server.folder, server.folder.parent / "tmp")
        left = [name for place in places for _, _, names in os.walk(place) for name in names]  # which may go meanwhile
        if not left or time.monotonic() > until:
            return left
        time.sleep(0.5)


def _unexpected(server: Server) -> list[dict[str, Any]]:
    """The lines of a server's log that call something unexpected."""
    return [line for line in server.lines() if "unexpected" in (line.get("event"), line.get("outcome"))]


def _told(beside: Kept, quiet: Kept, ratio: float) -> dict[str, Any]:
    return {
        "asked": beside.asked,
        "wrong": beside.wrong[:5],
        "readings forgotten": beside.forgotten,
        "median": _share(beside.seconds, 0.5),
        "p95": _share(beside.seconds, 0.95),
        "quiet, median": _share(quiet.seconds, 0.5),
        "quiet, wrong": quiet.wrong[:5],
        "ratio": ratio,
    }


def _ratio(beside: list[float], quiet: list[float]) -> float:
    return round(median(beside) / median(quiet), 2) if beside and quiet else float("inf")


def _share(seconds: list[float], share: float) -> float | None:
    ordered = sorted(seconds)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3) if ordered else None


def _judged(bars: dict[str, tuple[float, float]]) -> dict[str, Any]:
    """Each bar, what was found, and whether it was met."""
    told = {name: {"found": found, "at most": most, "met": found <= most} for name, (found, most) in bars.items()}
    return {"bars": told, "met": all(one["met"] for one in told.values())}


def _print_kinds(found: dict[str, Any]) -> None:
    for name, one in found["kinds"].items():
        ends = ", ".join(f"{end}: {count}" for end, count in one["ends"].items())
        print(f"{name:30} {one['tries']:4} tries, longest {one['longest']:5.1f} s   {ends}")


# In the middle of it


def _families(kinds: Sequence[str]) -> dict[str, list[str]]:
    families: dict[str, list[str]] = {}
    for name in kinds:
        families.setdefault(TRIES[name].family, []).append(name)
    return families


def _stopped(seed: int, kinds: Sequence[str], hold: float, checkpoints: Path | None) -> dict[str, Any]:
    """SIGTERM under each family of tries, while honest requests are being answered."""
    found = {}
    for family, names in _families(kinds).items():
        with served("--rate", "600", minutes=10, checkpoints=checkpoints) as server:
            asyncio.run(visit(server.url, lambda number: number >= 1, seed, "warm"))
            workers = server.workers()
            with beside(attack, server.url, seed, names, None, 6, hold, 1.0) as attacking:
                time.sleep(4)
                ends, seconds = asyncio.run(_stopped_now(server, seed))
                attacking()
            _, left = psutil.wait_procs(workers, 10)
            log = server.log.read_text(encoding="utf-8", errors="replace")
            found[family] = {
                "seconds": round(seconds, 1),
                "status": server.process.returncode,
                "honest requests": dict(ends),
                "its processes left": len(left),
                "tracebacks": log.count("Traceback"),
                "the last of them": _last_traceback(log),
            }
            print(family, found[family], flush=True)
    lost = sum(count for one in found.values() for end, count in one["honest requests"].items() if end != "right")
    bars = {
        "seconds until the end": (max(one["seconds"] for one in found.values()), BARS["end"]),
        "honest requests not finished": (lost, 0),
        "tracebacks in the log": (sum(one["tracebacks"] for one in found.values()), 0),
        "processes left": (sum(one["its processes left"] for one in found.values()), 0),
        "other exit statuses than 0": (sum(one["status"] != 0 for one in found.values()), 0),
    }
    return {"seed": seed, "under": found, **_judged(bars)}


async def _stopped_now(server: Server, seed: int) -> tuple[Counter[str], float]:
    """Stop a server as soon as two requests of every honest visitor are accepted; how those end, and the seconds."""
    begun: list[asyncio.Task[str]] = []

    async def heard(client: httpx.AsyncClient, event: str, right: str) -> str:
        try:
            said = answered(*await read_stream(client, "run", event))
            return "right" if said == right else said
        except (httpx.HTTPError, ValueError) as error:
            return f"lost ({type(error).__name__})"

    clients = []
    for number in range(2):
        for name, address in VISITORS.items():
            way = httpx.AsyncHTTPTransport(local_address=address)
            clients.append(client := httpx.AsyncClient(base_url=server.url, transport=way, timeout=120))
            right, data = await given(client, name, Random(f"{name}{seed}{number}"))
            body = {"data": page_values(*data), "session_hash": f"stop{number}-{name.replace(' ', '-')}"}
            for _ in range(20):
                asked = await client.post("/gradio_api/call/run", json=body)
                if asked.status_code == 200:
                    begun.append(asyncio.create_task(heard(client, asked.json()["event_id"], right)))
                    break
                await asyncio.sleep(0.5)  # nothing has begun that could be lost
    seconds = asyncio.create_task(asyncio.to_thread(server.stop, signal.SIGTERM))
    ends = Counter(await asyncio.gather(*begun))
    took = await seconds
    for client in clients:
        await client.aclose()
    return ends, took


def _killed(seed: int, rounds: int, checkpoints: Path | None) -> dict[str, Any]:
    """Kill -9 of one of the server's processes after the other, under honest load."""
    with served("--rate", "600", minutes=10, checkpoints=checkpoints) as server:
        asyncio.run(visit(server.url, lambda number: number >= 2, seed, "warm"))
        chance, killed = Random(seed), []

        async def kill(until: asyncio.Event) -> None:
            while not until.is_set():
                there = server.workers()
                leaves = [process for process in there if not _children(process)]
                if leaves:
                    with suppress(psutil.NoSuchProcess):
                        chance.choice(leaves).kill()
                        killed.append(len(there))
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(until.wait(), chance.uniform(3, 5))

        async def both() -> dict[str, Kept]:
            until = asyncio.Event()
            killing = asyncio.create_task(kill(until))
            honest = await visit(server.url, lambda number: number >= rounds, seed, "kill")
            until.set()
            await killing
            return honest

        honest = asyncio.run(both())
        health = httpx.get(f"{server.url}/health").json()["status"]
        unexpected = _unexpected(server)
    bars = {
        "honest requests lost": (sum(len(one.wrong) for one in honest.values()), 0),
        "not ready afterwards": (int(health != "ready"), 0),
        "without any worker killed": (int(not killed), 0),
    }
    told = {name: {"asked": one.asked, "wrong": one.wrong[:5], "longest": _share(one.seconds, 1)}
            for name, one in honest.items()}  # fmt: skip
    return {
        "seed": seed,
        "killed": len(killed),
        "honest": told,
        "unexpected in the log": unexpected[:5],
        **_judged(bars),
    }


def _last_traceback(log: str) -> list[str]:
    """The last lines of the last traceback of a log."""
    lines = log.rpartition("Traceback")[2].splitlines() if "Traceback" in log else []
    end = next((number for number, line in enumerate(lines[1:], 1) if line and not line.startswith(" ")), len(lines))
    return [line.strip()[:200] for line in lines[max(0, end - 4) : end + 1]]


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children()
    except psutil.NoSuchProcess:
        return []
