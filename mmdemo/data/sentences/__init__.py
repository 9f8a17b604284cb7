"""Sentences about digits that say after every word what a reader should believe."""
