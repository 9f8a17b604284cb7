"""mmdemo: watch one LSTM read, look and listen."""

__version__ = "1.0.0"
