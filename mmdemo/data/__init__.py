"""Data sets: where they come from, those that we make, manifests, and the tasks built from them."""
