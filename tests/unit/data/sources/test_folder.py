"""Where the data sets lie."""

from pathlib import Path

from mmdemo.data.sources.folder import data_folder


def test_the_option_goes_before_the_environment_variable(monkeypatch):
    monkeypatch.setenv("MMDEMO_DATA", "/from/environment")
    assert data_folder("/from/option") == Path("/from/option")
    assert data_folder() == Path("/from/environment")
    monkeypatch.delenv("MMDEMO_DATA")
    assert data_folder() == Path("data")
