"""Pictures to steps."""
