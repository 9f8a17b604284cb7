"""Hold the server against strangers: ``python tools/serving.py load | soak | fuzz | start | stop``.

Each starts servers of its own (``python -m mmdemo serve``) on this machine, and writes what it found to
``measurements/serving.json`` under its name. They need what the tests need: requirements-test.txt.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import typer

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from hostile import BODIES, CLOSED, PATHS, PICTURES, SOUNDS, WORDS  # noqa: E402

EXAMPLES = ROOT / "assets" / "examples" / "digits"
OUT = ROOT / "measurements" / "serving.json"
CLOSE = 1e-5  # probabilities computed together and alone may differ by the rounding of float32
app = typer.Typer(add_completion=False, help=__doc__)


class Server:
    """A server in a process of its own, with a folder for uploads and a log of its own."""

    def __init__(
        self, folder: Path, *flags: str, minutes: float | None = None, checkpoints: Path | None = None
    ) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder, self.log = folder, folder.parent / f"log-{self.port}.txt"
        self.url = f"http://127.0.0.1:{self.port}"
        temp = folder.parent / "tmp"
        temp.mkdir(exist_ok=True)
        environment = os.environ | {
            "GRADIO_TEMP_DIR": str(folder),
            "GRADIO_ANALYTICS_ENABLED": "False",
            "HF_HUB_OFFLINE": "1",
            "TMPDIR": str(temp),
        }
        if minutes is not None:
            environment["MMDEMO_UPLOAD_MINUTES"] = str(minutes)
        if checkpoints is not None:
            environment["MMDEMO_CHECKPOINTS"] = str(checkpoints)
        command = [sys.executable, "-m", "mmdemo", "serve", "--port", str(self.port), "--rate", "0", *flags]
        self.begun = time.perf_counter()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log, stdout=log)

    def wait(self, path: str = "/health", seconds: float = 300) -> float:
        """Seconds since the start until an address answers with 200."""
        while time.perf_counter() < self.begun + seconds:
            with suppress(httpx.TransportError):
                if httpx.get(self.url + path, timeout=30).status_code == 200:
                    return time.perf_counter() - self.begun
            if self.process.poll() is not None:
                raise SystemExit(f"The server ended:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.05)
        raise SystemExit(f"The server did not answer:\n{self.log.read_text()[-3000:]}")

    def memory(self) -> float:
        """Resident memory in MiB, as Linux counts it."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def lines(self) -> list[dict[str, Any]]:
        """What it has logged, as far as it is JSON."""
        found = []
        for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError):
                found.append(json.loads(line))
        return [line for line in found if isinstance(line, dict)]

    def stop(self, how: int = signal.SIGTERM) -> float:
        """Seconds that it took to end."""
        begun = time.perf_counter()
        self.process.send_signal(how)
        self.process.wait(60)
        return time.perf_counter() - begun


@contextmanager
def served(
    *flags: str, ready: bool = True, minutes: float | None = None, checkpoints: Path | None = None
) -> Iterator[Server]:
    """A server that is ready, until the block ends."""
    with tempfile.TemporaryDirectory() as place:
        server = Server(Path(place) / "uploads", *flags, minutes=minutes, checkpoints=checkpoints)
        try:
            if ready:
                server.wait()
            yield server
        finally:
            if server.process.poll() is None:
                server.process.kill()
                server.process.wait()


def record(name: str, found: dict[str, Any]) -> None:
    """Print what was found, and write it down beside what was found before."""
    print(json.dumps({name: found}, indent=2))
    OUT.parent.mkdir(exist_ok=True)
    before = json.loads(OUT.read_text(encoding="utf-8")) if OUT.is_file() else {}
    before[name] = {"command": f"python tools/serving.py {name}", "cores": os.cpu_count(), **found}
    OUT.write_text(json.dumps(before, indent=2) + "\n", encoding="utf-8")


async def upload(http: httpx.AsyncClient, name: str, content: bytes) -> dict[str, Any]:
    """A file given to the server, as a browser gives it."""
    given = await http.post("/gradio_api/upload", files={"files": (name, content)})
    given.raise_for_status()
    return {"path": given.json()[0], "meta": {"_type": "gradio.FileData"}}


async def call(http: httpx.AsyncClient, name: str, data: list[Any], session: str | None = None) -> tuple[int, str, Any]:
    """The status of a call, how its run ended, and with what."""
    body = {"data": data} | ({"session_hash": session} if session else {})
    asked = await http.post(f"/gradio_api/call/{name}", json=body)
    if asked.status_code != 200:
        return asked.status_code, "refused", asked.text
    told = (await http.get(f"/gradio_api/call/{name}/{asked.json()['event_id']}")).text
    event, _, value = told.strip().split("\n\n")[-1].partition("\n")
    return 200, event.removeprefix("event: "), json.loads(value.removeprefix("data: "))


async def mixture(http: httpx.AsyncClient) -> list[list[Any]]:
    """What visitors ask: words, pictures and sounds, alone and together, all different."""
    digits = ("three", "four", "seven", "eight", "nine")
    pictures = [await upload(http, path.name, path.read_bytes()) for path in sorted(EXAMPLES.glob("*.jpg"))]
    sounds = [await upload(http, path.name, path.read_bytes()) for path in sorted(EXAMPLES.glob("*.flac"))]
    asks: list[list[Any]] = [[f"{word}, no wait, {other}", None, None] for word in digits for other in digits[:2]]
    asks += [[None, picture, None] for picture in pictures] + [[None, None, sound] for sound in sounds]
    asks += [[word, picture, sound] for word, picture, sound in zip(digits, pictures, sounds, strict=False)]
    random.Random(0).shuffle(asks)
    return asks


@app.command()
def load(clients: int = 32, rounds: int = 3, name: str = "predict", label: str = "load") -> None:
    """Many clients at once against one that repeats: answers, throughput, p95 and refusals."""
    with served() as server:
        record(label, asyncio.run(_load(server.url, clients, rounds, name)))


async def _load(url: str, clients: int, rounds: int, name: str) -> dict[str, Any]:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=300, limits=limits) as http:
        asks = await mixture(http)
        if name == "run":
            asks = [[*ask, True, True, True, 0, 0, 0, 0, "digits"] for ask in asks]

        def answer(value: list[Any]) -> dict[str, Any]:
            said = value[0] if name == "predict" else json.loads(value[0])
            p = said["probabilities"]
            return {"label": said["label"], "p": list(p.values()) if isinstance(p, dict) else p}

        alone = [answer((await call(http, name, ask))[2]) for ask in asks]  # and everything is warm now
        refused, times, apart, wrong = 0, [], 0.0, 0

        async def client(number: int, each: int) -> None:
            nonlocal refused, apart, wrong
            for k in range(each):
                at = (number * 7 + k) % len(asks)
                while True:
                    begun = time.perf_counter()
                    status, event, value = await call(http, name, asks[at], f"client{number}")
                    if status != 429:
                        break
                    refused += 1
                    await asyncio.sleep(1)
                if clients > 1:
                    times.append(time.perf_counter() - begun)
                if event != "complete" or answer(value)["label"] != alone[at]["label"]:
                    wrong += 1
                    continue
                apart = max(apart, *(abs(a - b) for a, b in zip(answer(value)["p"], alone[at]["p"], strict=True)))

        single, many = [], []
        each = max(1, 2 * len(asks) // clients)
        for _ in range(rounds):  # in turn, so that whatever else the machine does hits both
            begun = time.perf_counter()
            before = len(times)
            await client(0, len(asks))
            single.append(len(asks) / (time.perf_counter() - begun))
            alone_times, times[before:] = times[before:], []
            begun = time.perf_counter()
            await asyncio.gather(*(client(number, each) for number in range(clients)))
            many.append(clients * each / (time.perf_counter() - begun))
        ordered = sorted(times)
        return {
            "clients": clients,
            "requests": len(times),
            "endpoint": name,
            "per_second": {
                "one client": [round(x, 2) for x in single],
                f"{clients} clients": [round(x, 2) for x in many],
            },
            "ratio": round(median(b / a for a, b in zip(single, many, strict=True)), 2),
            "seconds": {
                "one client, median": round(median(alone_times), 3),
                "median": round(median(ordered), 3),
                "p95": round(ordered[int(0.95 * len(ordered))], 3),
            },
            "refused": refused,
            "wrong": wrong,
            "largest difference of a probability": apart,
            "allowed": CLOSE,
        }


KINDS = ["words", "picture", "sound", "all three", "page", "words too long", "broken", "hostile words", "body", "path"]


@app.command()
def soak(requests: int = 2000, at_once: int = 4, minutes: float = 0.5) -> None:
    """Requests of all kinds of valid and broken input: failures, memory, files that are left."""
    with served(minutes=minutes) as server:
        found = asyncio.run(_soak(server, requests, at_once))
        time.sleep(60 * minutes + 15)  # the deletion time, and until the janitor looks again
        temp = server.folder.parent / "tmp"
        left = [path.name for place in (server.folder, temp) for path in place.rglob("*") if path.is_file()]
        unexpected = [line for line in server.lines() if "unexpected" in (line.get("event"), line.get("outcome"))]
        log = server.log.read_text(encoding="utf-8", errors="replace")
        found |= {
            "unexpected in the log": unexpected[:5],
            "tracebacks in the log": log.count("Traceback"),
            "inputs in the log": sum(log.count(word) for word in ("no wait", "alert(1)", "passwd", ".flac")),
            "files left after the deletion time": left,
        }
        record("soak", found)


async def _soak(server: Server, requests: int, at_once: int) -> dict[str, Any]:
    chance, statuses, ends, failures, memory = random.Random(0), Counter(), Counter(), [], []
    tasks: asyncio.Queue[int] = asyncio.Queue()
    for number in range(requests):
        tasks.put_nowait(number)
    async with httpx.AsyncClient(base_url=server.url, timeout=300) as http:
        for kind in KINDS:  # everything is warm before the first measurement
            await _one(http, kind, chance)

        async def visitor() -> None:
            while not tasks.empty():
                number = tasks.get_nowait()
                kind = KINDS[number % len(KINDS)]
                status, end, value = await _one(http, kind, chance)
                statuses[status] += 1
                ends[f"{kind}: {end}"] += 1
                text = value if isinstance(value, str) else json.dumps(value)
                kind_sentence = isinstance(value, dict) and value.get("error")
                unkind = end == "error" and (not kind_sentence or "went wrong" in text)
                if status >= 500 or unkind or "Traceback" in text or end not in ("complete", "error", "refused"):
                    failures.append([kind, status, end, text[:200]])
                memory.append(server.memory())

        await asyncio.gather(*(visitor() for _ in range(at_once)))
    half = len(memory) // 2
    first, last = median(memory[half // 2 : half]), median(memory[-half // 2 :])
    return {
        "requests": requests,
        "statuses": dict(statuses),
        "ends": dict(sorted(ends.items())),
        "failures": failures[:10],
        "MiB": {
            "first half": round(first, 1),
            "last half": round(last, 1),
            "growth": f"{100 * (last / first - 1):.1f} %",
        },
    }


async def _one(http: httpx.AsyncClient, kind: str, chance: random.Random) -> tuple[int, str, Any]:
    """One request of a kind."""

    def example(ending: str) -> Path:
        return chance.choice(sorted(EXAMPLES.glob(f"*.{ending}")))

    async def given(path: Path) -> dict[str, Any]:
        # A few more bytes at the end, which readers ignore, so that every upload is a file of its own.
        return await upload(http, path.name, path.read_bytes() + chance.randbytes(8))

    word = f"three, no wait, {chance.choice(['four', 'seven', 'nine'])} {chance.randrange(10**6)}"
    if kind == "words":
        return await call(http, "predict", [word])
    if kind == "picture":
        return await call(http, "predict", [None, await given(example("jpg"))])
    if kind == "sound":
        return await call(http, "predict", [None, None, await given(example("flac"))])
    if kind == "all three":
        return await call(http, "predict", [word, await given(example("jpg")), await given(example("flac"))])
    if kind == "page":
        data = [word, await given(example("jpg")), None, True, True, True, 10, 10, 0, 0, "digits"]
        return await call(http, "run", data, f"soak{chance.randrange(10**9)}")
    if kind == "words too long":
        return await call(http, "predict", ["seven " * chance.randrange(400, 100_000)])
    if kind == "broken":
        at = chance.choice([1, 2])
        name, content, _ = chance.choice(list((PICTURES if at == 1 else SOUNDS).values()))
        data: list[Any] = [None, None, None]
        data[at] = await upload(http, name, content)
        return await call(http, "predict", data)
    if kind == "hostile words":
        return await call(http, "predict", [chance.choice(list(WORDS.values()))])
    if kind == "body":
        answer = await http.post("/gradio_api/call/predict", content=chance.choice(BODIES))
        return answer.status_code, "refused", answer.text
    if chance.random() < 0.5:
        answer = await http.get(chance.choice(CLOSED))
        return answer.status_code, "refused", answer.text
    return await call(http, "predict", [None, {"path": chance.choice(PATHS)}])


@app.command()
def fuzz(inputs: int = 5000, over_http: int = 500) -> None:
    """Generated inputs through preprocessing and through HTTP: none may fail in a way that was not foreseen."""
    import generated
    from hypothesis import HealthCheck, Phase, Verbosity, given, settings

    def many(count: int) -> Any:
        every = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
        return settings(
            max_examples=count, deadline=None, database=None, derandomize=True, suppress_health_check=every,
            phases=[Phase.generate, Phase.shrink], verbosity=Verbosity.quiet,
        )  # fmt: skip

    counts: Counter[str] = Counter()
    begun = time.perf_counter()

    def counted(name: str, check: Any) -> Any:
        def one(value: Any) -> None:
            counts[f"{name}: {check(value)}"] += 1

        return one

    each = -(-inputs // len(generated.PREPROCESSING))
    for name, (strategy, check) in generated.PREPROCESSING.items():
        many(each)(given(strategy)(counted(name, check)))()
    through = sum(counts.values())
    with served() as server, httpx.Client(base_url=server.url, timeout=300) as http:

        def ask(request: Any) -> None:
            counts[f"HTTP: {generated.check_http(http, request)}"] += 1

        many(over_http)(given(generated.requests)(ask))()
        unexpected = [line for line in server.lines() if "unexpected" in (line.get("event"), line.get("outcome"))]
    record(
        "fuzz",
        {
            "through preprocessing": through,
            "through HTTP": sum(counts.values()) - through,
            "how they ended": dict(sorted(counts.items())),
            "unhandled": 0,  # else the command would have ended with the input that did it
            "unexpected in the log": unexpected[:5],
            "seconds": round(time.perf_counter() - begun),
        },
    )


@app.command()
def start(times: int = 3) -> None:
    """Start-up against ``import gradio, torch, librosa``, and against one task alone; the first run and later ones."""
    imports, pages, readies, firsts, laters = [], [], [], [], []
    alone, alone_ready = [], []
    command = [sys.executable, "-c", "import gradio, torch, librosa"]
    for _ in range(times):  # in turn, so that whatever else the machine does hits both
        begun = time.perf_counter()
        subprocess.run(command, check=True, cwd=ROOT)
        imports.append(time.perf_counter() - begun)
        with served(ready=False) as server:
            pages.append(server.wait("/"))
            readies.append(server.wait())
            runs = asyncio.run(_runs(server.url, 6))
        with tempfile.TemporaryDirectory() as one:
            shutil.copytree(ROOT / "checkpoints" / "digits", Path(one) / "digits")
            with served(ready=False, checkpoints=Path(one)) as server:
                alone.append(server.wait("/"))
                alone_ready.append(server.wait())
        firsts.append(runs[0])
        laters.append(median(runs[1:]))

    def seconds(values: list[float]) -> list[float]:
        return [round(value, 2) for value in values]

    record(
        "start",
        {
            "import gradio, torch, librosa": seconds(imports),
            "page answers": seconds(pages),
            "page against imports": round(median(b / a for a, b in zip(imports, pages, strict=True)), 2),
            "page answers, digits alone": seconds(alone),
            "all tasks against digits alone": round(median(b / a for a, b in zip(alone, pages, strict=True)), 2),
            "ready": seconds(readies),
            "ready, digits alone": seconds(alone_ready),
            "first run once ready": seconds(firsts),
            "later runs": seconds(laters),
            "first against later": round(median(a / b for a, b in zip(firsts, laters, strict=True)), 2),
        },
    )


async def _runs(url: str, count: int) -> list[float]:
    """Seconds of runs that read all three, each of other words."""
    async with httpx.AsyncClient(base_url=url, timeout=300) as http:
        picture, sound = [await upload(http, f"seven.{kind}", (EXAMPLES / f"seven.{kind}").read_bytes())
                          for kind in ("jpg", "flac")]  # fmt: skip
        took = []
        for number in range(count):
            data = [f"seven {number}", picture, sound, True, True, True, 0, 0, 0, 0, "digits"]
            begun = time.perf_counter()
            status, event, _ = await call(http, "run", data, f"start{number}")
            assert (status, event) == (200, "complete")
            took.append(time.perf_counter() - begun)
        return took


@app.command()
def stop() -> None:
    """Stop a server under load, kindly and by force: running requests are finished, and the next start is clean."""
    with tempfile.TemporaryDirectory() as place:
        found: dict[str, Any] = {}
        for how in (signal.SIGTERM, signal.SIGKILL):
            server = Server(Path(place) / "uploads", minutes=0.2)
            server.wait()
            found[how.name] = asyncio.run(_stopped(server, how))
        again = Server(Path(place) / "uploads", minutes=0.2)
        again.wait()
        time.sleep(30)  # the deletion time, and until the janitor looks again
        left = [path.name for path in (Path(place) / "uploads").rglob("*") if path.is_file()]
        found["start after SIGKILL"] = {
            "health": httpx.get(f"{again.url}/health").json()["status"],
            "answers": asyncio.run(_runs(again.url, 1)) != [],
            "files left from before": left,
        }
        again.stop()
    record("stop", found)


async def _stopped(server: Server, how: int) -> dict[str, Any]:
    """What becomes of eight runs if the server is stopped while they run."""
    async with httpx.AsyncClient(base_url=server.url, timeout=120) as http:
        asks = (await mixture(http))[:8]

        async def one(number: int) -> str:
            try:
                status, event, _ = await call(http, "predict", asks[number], f"stop{number}")
                return event if status == 200 else f"refused with {status}"
            except (httpx.TransportError, ValueError):
                return "broken off"

        running = [asyncio.create_task(one(number)) for number in range(len(asks))]
        while sum(line.get("event") == "request" and line.get("path") == "call" for line in server.lines()) < len(asks):
            await asyncio.sleep(0.01)
        seconds = asyncio.create_task(asyncio.to_thread(server.stop, how))
        ends = Counter(await asyncio.gather(*running))
        return {"runs": dict(ends), "seconds": round(await seconds, 1), "status": server.process.returncode}


if __name__ == "__main__":
    app()
