"""The page, ready to serve: ``python app.py``, or as a Hugging Face Space."""

from mmdemo.ui import LAUNCH, build

demo = build(warm=True)

if __name__ == "__main__":
    demo.launch(**LAUNCH)
