"""The senses that the model has, by their names, in the order in which they are read unless somebody says otherwise."""

from __future__ import annotations

from mmdemo.audio.modality import Audio
from mmdemo.image.modality import Image
from mmdemo.modality import Modality
from mmdemo.text.modality import Text
from mmdemo.video.modality import Video

SENSES: dict[str, Modality] = {sense.name: sense for sense in (Text(), Image(), Audio(), Video())}
"""Put another one into it to add a sense; a task has it if its configuration does: see ``ModelConfig.more``."""
