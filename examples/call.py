"""Ask a running page from Python: ``python examples/call.py [ADDRESS [PICTURE [RECORDING]]]``.

It needs ``gradio_client``, which comes with Gradio. A Space is reached by its name, ``Client("somebody/mmdemo")``.
"""

import json
import sys

from gradio_client import Client, handle_file


def main(address: str = "http://127.0.0.1:7860", *files: str) -> None:
    """What it read, what it decided, and the step that spoke loudest."""
    client = Client(address, verbose=False)
    given = dict(zip(("image", "audio"), map(handle_file, files), strict=False))
    answer = client.predict(text="three, no wait, five", **given, api_name="/predict")
    print(json.dumps({"label": answer["label"], "probability": answer["probability"], "used": answer["used"]}))

    why, trace = client.predict(text="three, no wait, five", trace="npz", api_name="/explain")
    loudest = max(why["steps"], key=lambda step: abs(step["evidence"]))
    print(json.dumps({"sentences": why["sentences"], "loudest": loudest["text"], "trace": trace}))


if __name__ == "__main__":
    main(*sys.argv[1:])
