"""Training data that we make ourselves: voices, photos, and what is no digit."""
