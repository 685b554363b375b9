"""A studio of the tiny domain, and what the browser does to it."""

from __future__ import annotations

import io
import re
from base64 import b64decode
from dataclasses import replace

import ipywidgets
import numpy as np
from PIL import Image

from deltaedit_kit.domain import Domain
from deltaedit_kit.domain.faces import Faces
from deltaedit_kit.labs.studio.parts.scripted import FileButton
from deltaedit_kit.support.pictures import encode_png
from tests.tiny_domain import tiny_domain

DOMAIN = tiny_domain()
PNG = encode_png(np.zeros((16, 16, 3), np.uint8))


def invert(_photo: Image.Image, domain: Domain) -> Faces:
    return replace(domain.sample(1, seed=99), origin=None)


def shown(html: ipywidgets.HTML, row: int = 0) -> np.ndarray:
    """The pixels of a picture in an HTML widget."""
    found = re.findall(r'src="data:image/\w+;base64,([^"]+)"', html.value)
    return np.asarray(Image.open(io.BytesIO(b64decode(found[row]))))


def choose(button: FileButton, name: str, content: bytes, piece: int = 10**6) -> None:
    """What the browser sends when a file is chosen."""
    for at in range(0, max(1, len(content)), piece):
        about = {"name": name, "size": len(content), "at": at}
        button._handle_custom_msg(about, [memoryview(content)[at : at + piece]])
