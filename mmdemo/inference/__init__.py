"""Raw inputs to a result, and a result to words, a figure and files."""
