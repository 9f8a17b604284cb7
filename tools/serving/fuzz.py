"""Input that nobody would think of, through preprocessing and through HTTP."""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import Any

import generated
import httpx
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from servers import ROOT, served


def fuzz(inputs: int = 5000, over_http: int = 500, knocks: int = 2000) -> dict[str, Any]:
    """Generated inputs through preprocessing and HTTP, and knocks at every route with any headers: none may fail."""

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
        folders = [f"{folder}/".encode() for folder in (ROOT, server.folder, sys.prefix)]
        many(knocks)(given(generated.knocks)(
            counted("any route", lambda one: generated.check_knock(server.url, one, folders))))()  # fmt: skip
        unexpected = [line for line in server.lines() if "unexpected" in (line.get("event"), line.get("outcome"))]
    return {
        "through preprocessing": through,
        "through HTTP": sum(count for name, count in counts.items() if name.startswith("HTTP")),
        "at any route": sum(count for name, count in counts.items() if name.startswith("any route")),
        "how they ended": dict(sorted(counts.items())),
        "unhandled": 0,  # else the command would have ended with the input that did it
        "unexpected in the log": unexpected[:5],
        "seconds": round(time.perf_counter() - begun),
    }
