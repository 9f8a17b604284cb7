"""The page as a server for strangers: what it lets in, logs, limits and deletes, and how it stops.

``launch`` and ``serve`` put a page up. The page itself uses ``uploads``, ``health``, ``logs``, ``zero_gpu`` and
``gradio_compat``.
"""

from mmdemo.server.server import launch, serve

__all__ = ["launch", "serve"]
