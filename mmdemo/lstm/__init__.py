"""The inside of any ``nn.LSTM``: its exact gates, what it remembers, and why it answered. Needs torch alone."""
