"""What the app's fork server imports before its first fork: everything that sessions share.

One thread in the fork server, as a pool of OpenMP threads does not survive a fork, and its child
would wait for it for ever. Sessions share the processor, so one thread each is right for them too.
"""

from __future__ import annotations

import gc
from functools import cache

import ipykernel.ipkernel  # the kernel, its shell and their packages
import ipykernel.kernelapp  # noqa: F401
import matplotlib.pyplot  # noqa: F401  # IPython imports it in every kernel
import torch

from deltaedit_kit.domain import Domain
from deltaedit_kit.io.loading import load_domain
from deltaedit_kit.labs.studio import panel  # noqa: F401


@cache
def shared_domain() -> Domain:
    """The domain of the app; a forked kernel finds it loaded, any other one loads it."""
    domain = load_domain("toyfaces")
    # A network loads when it is first used: used here, or each session would load its own.
    _ = domain.generator, domain.clip, domain.mapper, domain.relevance, domain.oracle
    _ = domain.attribute_directions
    return domain


torch.set_num_threads(1)
shared_domain()
gc.collect()
