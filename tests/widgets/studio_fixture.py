"""A studio of the tiny domain, and what the browser does to it."""

from __future__ import annotations

import io
import re
from base64 import b64decode

import ipywidgets
import numpy as np
from PIL import Image

from deltaedit_kit.labs.studio.parts.file_button import FileButton
from deltaedit_kit.support.pictures import encode_png
from tests.photo.encoders import with_encoder

DOMAIN = with_encoder()
PNG = encode_png(np.zeros((64, 64, 3), np.uint8))  # of the domain's size: taken as it is


def shown(html: ipywidgets.HTML, row: int = 0) -> np.ndarray:
    """The pixels of a picture in an HTML widget."""
    found = re.findall(r'src="data:image/\w+;base64,([^"]+)"', html.value)
    return np.asarray(Image.open(io.BytesIO(b64decode(found[row]))))


def choose(button: FileButton, name: str, content: bytes, piece: int = 10**6) -> None:
    """What the browser sends when a file is chosen."""
    for at in range(0, max(1, len(content)), piece):
        about = {"name": name, "size": len(content), "at": at}
        button._handle_custom_msg(about, [memoryview(content)[at : at + piece]])
