"""Put this on Hugging Face Spaces: ``make deploy SPACE=somebody/mmdemo``.

The hub's own client makes the Space where there is none yet, and uploads what it needs: the page, the trained tasks,
the examples, the licences, and the documents that README.md links to. What lies there and not here any more is deleted.
Nothing is sent with ``--dry-run``.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from huggingface_hub import HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
from huggingface_hub.utils import filter_repo_objects

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("mmdemo", "assets", "checkpoints", "measurements", "docs", "LICENSES")
WANTED = ["app.py", "README.md", "LICENSE", "requirements.txt", *(f"{folder}/*" for folder in FOLDERS)]
UNWANTED = ["*__pycache__*", "*.py[cod]", "*.pyi", "*/.*"]
VARIABLES = [{"key": "GRADIO_SSR_MODE", "value": "false"}]  # as the code says, too; a Space has an opinion of its own
TOKENS = "https://huggingface.co/settings/tokens"
TROUBLES = {
    401: f"the hub does not know this token. Make one that may write, at {TOKENS}, then: hf auth login",
    402: "this account may not make a Space on this hardware. Free accounts may on ZeroGPU: HARDWARE=zero-a10g",
    403: f"this token may not write there. Is the name before the / yours? Make a token that may write, at {TOKENS}",
    404: "there is no such Space, or this token may not see it",
}


def main(
    space: Annotated[str, typer.Argument(help="Whose, and its name: somebody/mmdemo.")],
    hardware: Annotated[str | None, typer.Option(help="Where a new one runs: zero-a10g, cpu-basic, ...")] = None,
    private: Annotated[bool, typer.Option(help="A new one is for nobody else yet.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Say what would be uploaded, and stop.")] = False,
) -> None:
    """Make or renew a Space."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", space):
        stop(f"{space!r} is no Space's name. It has two parts, as in make deploy SPACE=somebody/mmdemo")
    files = wanted()
    size = sum((ROOT / name).stat().st_size for name in files) / 1e6
    if dry_run:
        typer.echo("\n".join([*files, f"{len(files)} files, {size:.1f} MB, would go to {space}"]))
        return
    if not get_token():
        stop(f"You are not logged in. Make a token that may write, at {TOKENS}, then: hf auth login (or set HF_TOKEN)")
    typer.echo(f"Uploading {len(files)} files, {size:.1f} MB, to {space}...")
    try:
        upload(space, hardware=hardware, private=private)
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        stop(f"The hub refused ({status}): {TROUBLES.get(status, error)}")
    except (HfHubHTTPError.__bases__[0], OfflineModeIsEnabled) as error:  # of whichever HTTP library the client has
        stop(f"The hub cannot be reached: {error}")
    typer.echo(f"It is being built at https://huggingface.co/spaces/{space}: the first time takes some minutes.")


def wanted() -> list[str]:
    """The files that a Space gets, by their paths from here."""
    places = [ROOT.glob("*"), *((ROOT / folder).rglob("*") for folder in FOLDERS)]
    here = sorted(path.relative_to(ROOT).as_posix() for place in places for path in place if path.is_file())
    return list(filter_repo_objects(here, allow_patterns=WANTED, ignore_patterns=UNWANTED))


def upload(space: str, **new: Any) -> None:
    """Make the Space unless it is there, and make it hold what is here."""
    api = HfApi()
    api.create_repo(
        space,
        repo_type="space",
        space_sdk="gradio",
        space_hardware=new["hardware"],
        space_variables=VARIABLES,
        private=new["private"] or None,
        exist_ok=True,
    )
    api.upload_folder(
        repo_id=space,
        folder_path=ROOT,
        repo_type="space",
        allow_patterns=WANTED,
        ignore_patterns=UNWANTED,
        delete_patterns="*",
        commit_message="The page as it is now",
    )


def stop(why: str) -> None:
    """Say it in one line, and end with the exit status 2."""
    print(why, file=sys.stderr)
    raise typer.Exit(2)


if __name__ == "__main__":
    typer.run(main)
