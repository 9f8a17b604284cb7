"""Two servers behind nginx, which is configured by the lines in docs/hosting.md, word for word."""

import asyncio
import json
import signal
from collections import Counter

import httpx
import pytest
from balanced import NGINX, ask, behind_nginx, upload, visitor

from tools.serving.servers import Server

VISITORS = [f"127.0.1.{k}" for k in range(1, 21)]  # Linux answers on all of them
pytestmark = pytest.mark.skipif(not NGINX, reason="there is no nginx: apt install nginx-light")


@pytest.fixture(scope="module")
def replicas(tmp_path_factory, checkpoints):
    place = tmp_path_factory.mktemp("replicas")
    servers = []

    for name in ("one", "two"):
        (place / name).mkdir()
        flags = ("--trusted-hops", "1", "--rate", "200")
        servers.append(Server(place / name / "uploads", *flags, checkpoints=checkpoints))
    try:
        for server in servers:
            server.wait()
        with behind_nginx(servers, place / "nginx") as url:
            yield servers, url
    finally:
        for server in servers:
            if server.process.poll() is None:
                server.process.kill()


def test_visitors_stay_with_their_server_and_are_counted_apart(replicas):
    servers, url = replicas

    async def stay(address):
        async with visitor(url, address) as http:
            picture = await upload(http)  # a file that only the server has that got it
            return [await ask(http, text, given) for text, given in (("seven", None), (None, picture), (None, picture))]

    async def all_of_them():
        return await asyncio.gather(*map(stay, VISITORS[:8]))

    before = [len(one.lines()) for one in servers]
    for said in asyncio.run(all_of_them()):
        assert [event for event, _ in said] == ["complete"] * 3, said
    assert all(len(one.lines()) > some for one, some in zip(servers, before, strict=True))  # both have work

    async def too_often():
        async with visitor(url, VISITORS[-1]) as eager, visitor(url, VISITORS[-2]) as calm:
            codes = []
            for _ in range(60):
                said = await eager.post("/gradio_api/call/predict", json={"data": ["a", None, None]})
                codes.append(said.status_code)
            return codes, (await ask(calm, "five"))[0]

    codes, calm = asyncio.run(too_often())
    assert 429 in codes and calm == "complete"  # the one's allowance is not the other's


def test_a_server_is_stopped_and_one_is_killed_and_nobody_is_left_alone(replicas):
    servers, url = replicas
    counts, stop = Counter(), asyncio.Event()

    async def go_on(address):
        async with visitor(url, address) as http:
            while not stop.is_set():
                try:
                    event, _ = await ask(http, f"three, no wait, five {address}")
                except httpx.TransportError:
                    event = "broken off"
                if event != "complete":  # the second try has to succeed
                    counts[event] += 1
                    event, _ = await ask(http, "three, no wait, five")
                counts["second try failed" if event != "complete" else "complete"] += 1
                await asyncio.sleep(1)

    async def scenario():
        running = [asyncio.create_task(go_on(address)) for address in VISITORS[8:14]]
        await asyncio.sleep(2)
        await asyncio.to_thread(servers[0].stop, signal.SIGTERM)
        await asyncio.sleep(2)
        in_order = Counter(counts)
        again = servers[0].again()
        await asyncio.to_thread(again.wait)
        servers[0] = again
        await asyncio.sleep(7)  # until nginx asks it again
        back = Counter(counts)
        servers[1].process.kill()
        await asyncio.sleep(3)
        stop.set()
        await asyncio.gather(*running)
        return in_order, back

    in_order, back = asyncio.run(scenario())
    assert in_order["complete"] > 6
    assert set(in_order) == {"complete"}, in_order  # an orderly end: nobody has noticed
    assert set(back) == {"complete"}, back
    assert "second try failed" not in counts, counts
    assert json.loads(httpx.get(url + "/health", timeout=30).text)["status"] == "ready"
