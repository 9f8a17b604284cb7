"""Data sets from their publishers, or from a folder that holds them."""
