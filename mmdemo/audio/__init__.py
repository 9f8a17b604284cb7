"""Sound to steps."""
