"""mmdemo: watch one LSTM read, look and listen."""

__version__ = "0.1.0"
