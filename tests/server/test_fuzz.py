"""A little of the fuzzer, in seconds: ``python tools/serving fuzz`` has all of it."""

import sys

import generated
import httpx
import pytest
from hypothesis import HealthCheck, given, settings

from mmdemo.resources import ROOT
from mmdemo.server import uploads

EVERY = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
FEW = settings(max_examples=40, deadline=None, database=None, derandomize=True, suppress_health_check=EVERY)


@pytest.mark.parametrize("name", generated.PREPROCESSING)
def test_whatever_is_read_is_read_or_refused(name):
    strategy, check = generated.PREPROCESSING[name]
    ends = set()
    FEW(given(strategy)(lambda one: ends.add(check(one))))()
    assert ends <= {"read", "absent", "refused"}
    assert len(ends) > 1  # else the fuzzer gets no further than the gate


def test_whatever_is_sent_is_answered(page_url):
    with httpx.Client(base_url=page_url, timeout=60) as http:
        ends = set()
        FEW(given(generated.requests)(lambda one: ends.add(generated.check_http(http, one))))()
    assert {"read", "refused at the gate"} <= ends


def test_whoever_knocks_anywhere_is_answered(page_url, caplog):
    ends = set()
    folders = [f"{folder}/".encode() for folder in (ROOT, uploads.folder(), sys.prefix)]
    FEW(given(generated.knocks)(lambda one: ends.add(generated.check_knock(page_url, one, folders))))()
    assert {"2xx", "4xx"} <= ends
    assert not [vars(each) for each in caplog.records if each.name == "mmdemo.server" and each.levelname == "ERROR"]
