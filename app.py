"""The page, ready to serve: ``python app.py``, or as a Hugging Face Space."""

from mmdemo.serve import serve
from mmdemo.ui import build

demo = build(warm=True)

if __name__ == "__main__":
    serve(demo)
