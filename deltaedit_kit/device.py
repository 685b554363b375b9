"""The device that a domain lives on, tried before anything is loaded."""

from __future__ import annotations

import torch

from deltaedit_kit.errors import DeltaEditError


def usable_device(device: str | torch.device) -> torch.device:
    """The torch device of that name, or a `DeltaEditError` when it is not there."""
    try:
        wanted = torch.device(device)
    except (RuntimeError, TypeError) as cause:
        raise DeltaEditError(f"unknown device {str(device)!r}; give 'cpu' or 'cuda'") from cause
    if wanted.type == "cuda" and not torch.cuda.is_available():
        raise DeltaEditError("torch finds no CUDA GPU on this machine; give device='cpu'")
    try:
        torch.ones(1, device=wanted).cpu()  # "meta" holds no numbers, cuda:7 may not be there
    except (RuntimeError, NotImplementedError, AssertionError) as cause:
        reason = str(cause).splitlines()[0][:100]
        raise DeltaEditError(
            f"device {str(device)!r} cannot be used here ({reason}); give 'cpu' or 'cuda'"
        ) from None
    return wanted
