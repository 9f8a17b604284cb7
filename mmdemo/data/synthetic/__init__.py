"""Training data that we make ourselves: voices, photos, and out-of-distribution inputs."""
