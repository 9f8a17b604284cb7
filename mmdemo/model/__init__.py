"""Steps to beliefs: one LSTM for all senses."""
