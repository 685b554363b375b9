"""A domain: what is edited, and with which networks.

domain.py       Domain: networks that load at their first use, sampling, drawing
spec.py         DomainSpec: its facts as plain data: neutral word, threshold, files, licence
networks.py     Networks: how a domain gets each of them
faces.py        Faces: s, w+, CLIP and pictures of one batch
oracle.py       Oracle: what reads the factors off a picture, where a domain has one
fingerprint.py  the eight digits that tie codes, R and recipes to their networks
"""

from __future__ import annotations

from deltaedit_kit.domain.domain import Domain, pictures_a_pass
from deltaedit_kit.domain.faces import Faces
from deltaedit_kit.domain.networks import Networks
from deltaedit_kit.domain.oracle import Attribute, Oracle
from deltaedit_kit.domain.spec import DomainSpec

__all__ = ["Attribute", "Domain", "DomainSpec", "Faces", "Networks", "Oracle", "pictures_a_pass"]
