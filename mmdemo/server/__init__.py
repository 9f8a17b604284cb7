"""The page as a server that strangers may use: what it lets in, what it says, what it keeps (nothing), how it stops."""

from mmdemo.server.server import launch, serve

__all__ = ["launch", "serve"]
