"""Bodies that would take long to read are refused before they are read; what a page sends is not."""

import json
import timeit
from collections.abc import Callable

import pytest

from mmdemo.messages import InputError
from mmdemo.server.validate import MAX_SIGNS, check_mcp, check_message, parse

HEAVY = {
    "lists": b'{"data":[' + b"[]," * 600_000 + b"[]]}",
    "objects": b'{"data":[' + b"{}," * 600_000 + b"{}]}",
    "keys": b"{" + b",".join(b'"%d":0' % n for n in range(150_000)) + b"}",
    "numbers": b'{"data":[' + b"1," * 900_000 + b"1]}",
    "strings": b'{"data":[' + b'"",' * 600_000 + b'""]}',
    "depth": b"[" * 1_000_000,
    "depth of objects": b'{"a":' * 300_000,
    "a quote that never ends": b'"' + b"[]," * 600_000,
    "backslashes": b'"' + b"\\" * 1_900_001 + b",,,,,,,,," * 1000,
}


def seconds(run: Callable[[], object]) -> float:
    """What the fastest of five takes: the others may have waited for something else."""
    return min(timeit.repeat(run, number=1, repeat=5))


@pytest.mark.parametrize("name", HEAVY)
def test_what_takes_long_to_read_is_refused_at_once(name):
    def refused() -> None:
        with pytest.raises(InputError):
            parse(HEAVY[name])

    text = b'"' + b"a" * len(HEAVY[name]) + b'"'
    assert seconds(refused) < 50 * seconds(lambda: json.loads(text))  # the fastest that so many bytes can be read


@pytest.mark.parametrize("text", ["seven, " * 2_000, '\\"[{:,' * 2_000, "\n\u4e03" * 600_000, "7" * 1_900_000])
def test_a_text_may_be_long(text):
    assert parse(json.dumps({"data": [text]}, ensure_ascii=False).encode()) == {"data": [text]}


def test_what_is_just_not_too_much_is_read_quickly():
    raw = b'{"data":[' + b"[]," * (MAX_SIGNS // 2 - 10) + b"[]]}"
    assert seconds(lambda: parse(raw)) < 20 * seconds(lambda: json.loads(raw))


@pytest.mark.parametrize("value", ["\ud800", "a b", "a" * 65, "", 2**40, 0.5, [], {}, "../a"])
def test_a_message_holds_plain_values_only(value):
    check_message({"session_hash": "a1-b_2", "fn_index": 3, "event_id": None})
    with pytest.raises(InputError):
        check_message({"event_id": value})


ASK = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "predict", "arguments": {"text": "seven"}}}
NO_MCP = [
    *({**ASK, **change} for change in (
        {"jsonrpc": "1.0"}, {"method": 7}, {"method": "a b"}, {"id": 0.5}, {"id": True}, {"id": "7" * 65},
        {"params": []}, {"params": {"arguments": {"text": [[]] * 300}}}, {"result": {}},
    )),
    *([], None, {}, [ASK], {"data": [[]] * 9000}),
]  # fmt: skip


def test_a_request_over_mcp_says_little():
    for fine in (ASK, {**ASK, "id": None}, {"jsonrpc": "2.0", "method": "notifications/initialized"}):
        check_mcp(fine)


@pytest.mark.parametrize("body", NO_MCP, ids=range(len(NO_MCP)))
def test_what_is_no_request_over_mcp(body):
    with pytest.raises(InputError):
        check_mcp(body)
