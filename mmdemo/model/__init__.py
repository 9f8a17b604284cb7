"""Steps to probabilities: one LSTM for all senses."""
