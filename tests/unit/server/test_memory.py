"""What is free goes back to the operating system, where the C library can be told."""

import sys

import psutil
import pytest

from mmdemo.server import memory

on_glibc = pytest.mark.skipif(sys.platform != "linux", reason="only glibc can be told")


def test_nothing_happens_where_the_library_cannot_be_told(monkeypatch):
    monkeypatch.setattr(memory, "_libc", lambda: None)
    assert memory.share_heaps() is False and memory.give_back() is False


@on_glibc
def test_what_is_free_is_given_back():
    """Small pieces of which every thousandth stays: the library keeps the rest until it is told."""
    process = psutil.Process()
    pieces = [bytes(2_000) for _ in range(100_000)]
    full = process.memory_info().rss
    kept = pieces[::1000]
    del pieces
    assert memory.give_back()
    assert process.memory_info().rss < full - 150e6
    assert len(kept) == 100


@on_glibc
def test_threads_can_be_told_to_share_heaps():
    assert memory.share_heaps()
