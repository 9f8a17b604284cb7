"""Raw inputs to a result."""
