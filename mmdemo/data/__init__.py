"""Data sets as manifests, and what happens to them before training."""
