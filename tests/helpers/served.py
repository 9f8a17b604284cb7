"""The page's own files served on a page of one's own: no Gradio, no checkpoint."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from mmdemo.app.parts import PLOTLY, words

FOLDER = Path(__file__).parents[2] / "mmdemo"


@contextmanager
def served(html: str) -> Iterator[str]:
    """The address of a page; the strings are in it, ``web/`` is that of mmdemo, and our Plotly is there."""

    class Files(SimpleHTTPRequestHandler):
        extensions_map = {".js": "text/javascript", ".css": "text/css", ".json": "application/json"}  # noqa: RUF012

        def translate_path(self, path):
            return str(PLOTLY if path.endswith(PLOTLY.name) else FOLDER / path.strip("/"))

        def do_GET(self):
            if self.path != "/":
                return super().do_GET()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(html.replace(">", f">{words()}", 1).encode())

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
