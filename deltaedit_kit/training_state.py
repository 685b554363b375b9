"""Where a training run stands, as one file: weights, Adam's memory, running average, step.

Idea: if one file holds all that the next step depends on, and the file is replaced atomically,
then a run killed at any moment resumes exactly. Adam's state for a weight θ with gradient g is

    m <- β₁ m + (1 - β₁) g        v <- β₂ v + (1 - β₂) g²        θ <- θ - rate · m̂ / (√v̂ + ε)

so m, v and the step count are stored beside θ. Citation: Kingma & Ba, arXiv:1412.6980.
"""

from __future__ import annotations

import copy
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import torch
from safetensors import safe_open
from torch import Tensor

from deltaedit_kit.atomic import save_tensors
from deltaedit_kit.codes import Codes
from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylespace import StyleLayout

if TYPE_CHECKING:
    from deltaedit_kit.training import TrainingConfig

FILE = "training.safetensors"


class TrainingState:
    """A mapper in training, its optimiser, its running average and the number of steps taken."""

    def __init__(self, mapper: DeltaMapper, config: TrainingConfig, codes: Codes) -> None:
        self.config = config
        self.identity = _identity(config, codes)
        self.step = 0
        self.mapper = mapper
        self.average = copy.deepcopy(mapper).requires_grad_(False) if config.ema else None
        self.optimizer = torch.optim.Adam(mapper.parameters(), lr=config.learning_rate)

    @classmethod
    def start(cls, layout: StyleLayout, config: TrainingConfig, codes: Codes) -> TrainingState:
        """Fresh weights drawn from `config.seed`, where the codes lie.

        The caller's random numbers stay untouched.
        """
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            mapper = DeltaMapper(layout, codes.clip.shape[1])  # on the CPU: the same everywhere
        return cls(mapper.to(codes.s.device), config, codes)

    @property
    def best(self) -> DeltaMapper:
        """The network to use: the running average if the run keeps one."""
        return self.mapper if self.average is None else self.average

    def descend(self, loss: Tensor, rate: float) -> None:
        """One Adam step along -∂loss/∂θ with learning rate `rate`."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.step += 1
        if self.average is not None:
            # Young averages forget faster, so that they do not carry the random start along.
            keep = min(self.config.ema, self.step / (self.step + 10))
            with torch.no_grad():
                for kept, new in zip(
                    self.average.parameters(), self.mapper.parameters(), strict=True
                ):
                    kept.lerp_(new, 1 - keep)

    def save(self, folder: Path) -> Path:
        """Replace `folder`/training.safetensors by the present state, atomically."""
        tensors = {f"mapper/{name}": value for name, value in self.mapper.state_dict().items()}
        for name, parameter in self.mapper.named_parameters():
            memory = self.optimizer.state[parameter]
            tensors[f"adam/{name}/exp_avg"] = memory["exp_avg"]
            tensors[f"adam/{name}/exp_avg_sq"] = memory["exp_avg_sq"]
        if self.average is not None:
            average = self.average.state_dict()
            tensors |= {f"average/{name}": value for name, value in average.items()}
        header = {"step": str(self.step), "run": self.identity}
        return save_tensors(folder / FILE, tensors, header)

    def resume(self, folder: Path) -> bool:
        """Take up the state in `folder`; False when there is none.

        Raises DeltaEditError for a file that is damaged or belongs to another run.
        """
        path = folder / FILE
        if not path.exists():
            return False
        try:
            with safe_open(str(path), framework="pt") as stored:
                header = stored.metadata() or {}
                tensors = {key: stored.get_tensor(key) for key in stored.keys()}  # noqa: SIM118
        except Exception as cause:  # safetensors raises its own types
            raise DeltaEditError(f"cannot read {path}: {cause}; delete it to start again") from None
        if header.get("run") != self.identity:
            raise DeltaEditError(
                f"{path} belongs to a run with other settings or codes; give another folder, or "
                "delete it to start again"
            )
        self._take(tensors, int(header["step"]))
        return True

    def _take(self, tensors: dict[str, Tensor], step: int) -> None:
        def part(prefix: str) -> dict[str, Tensor]:
            return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}

        self.step = step
        self.mapper.load_state_dict(part("mapper/"))
        if self.average is not None:
            self.average.load_state_dict(part("average/"))
        for name, parameter in self.mapper.named_parameters():
            # Adam counts in float32 on the CPU, as torch makes it (capturable=False).
            memory = {"step": torch.tensor(float(step))}
            for moment, value in part(f"adam/{name}/").items():
                memory[moment] = value.to(parameter.device)
            self.optimizer.state[parameter] = memory


def _identity(config: TrainingConfig, codes: Codes) -> str:
    """What must not change between a run and its resumption, as text.

    How often it reports and saves may; of the codes, count and a few rows tell them apart.
    """
    settings = {k: v for k, v in asdict(config).items() if k not in ("report_every", "save_every")}
    rows = codes.s[:: max(1, len(codes) // 64)].cpu().numpy()
    settings |= {"domain": codes.domain, "codes": len(codes), "crc": crc32(rows.tobytes())}
    return json.dumps(settings, sort_keys=True)
