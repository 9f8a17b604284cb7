"""A short video with its sound, as the lips and the voice of one moment after the other."""
