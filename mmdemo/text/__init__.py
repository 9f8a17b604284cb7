"""Words to steps."""
