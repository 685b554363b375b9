"""Where a training run stands, as one file: weights, Adam's memory, running average, step.

Idea: if one file holds all that the next step depends on, and the file is replaced atomically,
then a run killed at any moment, also in the middle of a save, resumes exactly. Adam's state for a
weight θ with gradient g is

    m <- β₁ m + (1 - β₁) g        v <- β₂ v + (1 - β₂) g²        θ <- θ - rate · m̂ / (√v̂ + ε)

so m, v and the step count are stored beside θ; the small rest is JSON in the file's header.
Citation: Kingma & Ba, arXiv:1412.6980.
"""

from __future__ import annotations

import copy
import json
import math
from dataclasses import asdict
from pathlib import Path
from zlib import crc32

import torch
from safetensors import safe_open
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

from deltaedit_kit.atomic import remove_leftovers, save_tensors
from deltaedit_kit.codes.memory import Codes
from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.training.config import TrainingConfig
from deltaedit_kit.training.network import adam, effective, orthogonalize, scaled_parameters, stored

FILE = "training.safetensors"
FORMAT = "deltaedit training 3"
FREE = ("report_every", "save_every")  # settings that may change when a run goes on


class TrainingState:
    """A mapper in training (effective weights), its optimiser, its running average, its step."""

    def __init__(self, network: DeltaMapper, config: TrainingConfig, identity: str) -> None:
        self.config = config
        self.identity = identity
        self.step = 0
        self.lowest = math.inf  # validation so far, and reports since then
        self.stale = 0
        self.network = network
        self.average = copy.deepcopy(network).requires_grad_(False) if config.ema else None
        self.optimizer = adam(network, config.learning_rate, config.beta2)

    @classmethod
    def start(cls, layout: StyleLayout, config: TrainingConfig, codes: Codes) -> TrainingState:
        """Fresh weights drawn from `config.seed`, where the codes lie.

        The caller's random numbers stay untouched.
        """
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(config.seed)  # not those of the GPUs
            mapper = DeltaMapper(layout, codes.clip.shape[1])  # on the CPU: the same everywhere
            if config.orthogonal:
                orthogonalize(mapper)
        return cls(effective(mapper).to(codes.s.device), config, identity_of(config, codes))

    @property
    def best(self) -> DeltaMapper:
        """The network to use, effective weights: the running average if the run keeps one."""
        return self.network if self.average is None else self.average

    def mapper(self) -> DeltaMapper:
        """A copy of `best` as it is stored and used, in evaluation mode."""
        return stored(self.best)

    def descend(self, rate: float) -> None:
        """One Adam step along the gradients that are there, with learning rate `rate`."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["scale"]
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        if self.average is not None:
            # Young averages forget faster, so that they do not carry the random start along.
            keep = min(self.config.ema, self.step / (self.step + 10))
            follow = get_ema_multi_avg_fn(keep)  # one kernel for all weights, without gradients
            follow(list(self.average.parameters()), list(self.network.parameters()), self.step)

    @property
    def exhausted(self) -> bool:
        """Whether patience has run out: the run is over, also when it is taken up again."""
        return 0 < self.config.patience <= self.stale

    def judged(self, validation: float) -> bool:
        """Remember a held-out loss; whether patience has run out."""
        self.stale = 0 if validation < self.lowest else self.stale + 1
        self.lowest = min(self.lowest, validation)
        return self.exhausted

    def save(self, folder: Path) -> Path:
        """Replace `folder`/training.safetensors by the present state, atomically.

        Raises DeltaEditError when it cannot be written; the last good file then stays.
        """
        tensors: dict[str, Tensor] = {}
        for name, parameter, _ in scaled_parameters(self.network):
            memory = self.optimizer.state[parameter]
            tensors[f"network/{name}"] = parameter
            tensors[f"adam/{name}/exp_avg"] = memory["exp_avg"]
            tensors[f"adam/{name}/exp_avg_sq"] = memory["exp_avg_sq"]
        if self.average is not None:
            average = self.average.state_dict()
            tensors |= {f"average/{name}": value for name, value in average.items()}
        state = {"step": self.step, "lowest": self.lowest, "stale": self.stale}
        header = {"format": FORMAT, "state": json.dumps(state), "run": self.identity}
        path = folder / FILE
        try:
            return save_tensors(path, tensors, header)
        except OSError as cause:
            kept = "the last good checkpoint is still there" if path.exists() else "nothing is lost"
            raise DeltaEditError(
                f"cannot save step {self.step} to {path}: {cause}; {kept}: make room and go on"
            ) from None

    def resume(self, folder: Path) -> bool:
        """Take up the state in `folder`; False when there is none.

        Raises DeltaEditError for a file that is damaged or belongs to another run.
        """
        remove_leftovers(folder, {FILE})  # nobody writes yet
        path = folder / FILE
        if not path.exists():
            return False
        try:
            with safe_open(str(path), framework="pt") as file:
                header = file.metadata() or {}
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            if header.get("format") != FORMAT:
                raise ValueError("it is no checkpoint of this kit's training")
            state = json.loads(header["state"])
        except Exception as cause:  # safetensors raises its own types
            raise DeltaEditError(f"cannot read {path}: {cause}; delete it to start again") from None
        if header.get("run") != self.identity:
            raise DeltaEditError(
                f"{path} belongs to a run with other settings or codes; give another folder, or "
                "delete it to start again"
            )
        self.step, self.lowest, self.stale = state["step"], state["lowest"], state["stale"]
        self._take(tensors)
        return True

    def _take(self, tensors: dict[str, Tensor]) -> None:
        def part(prefix: str) -> dict[str, Tensor]:
            return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}

        self.network.load_state_dict(part("network/"))
        if self.average is not None:
            self.average.load_state_dict(part("average/"))
        for name, parameter, _ in scaled_parameters(self.network):
            # A fused Adam counts its steps where the weights are.
            memory = {"step": torch.tensor(float(self.step), device=parameter.device)}
            for moment, value in part(f"adam/{name}/").items():
                memory[moment] = value.to(parameter.device, copy=True)
            self.optimizer.state[parameter] = memory


def identity_of(config: TrainingConfig, codes: Codes) -> str:
    """What must not change between a run and its resumption, as text.

    How often it reports and saves may; of the codes, count and a few rows tell them apart.
    """
    settings = {key: value for key, value in asdict(config).items() if key not in FREE}
    crc = 0
    for numbers in (codes.s, codes.clip):  # another CLIP leaves s as it is
        rows = numbers[:: max(1, len(codes) // 64)].contiguous().view(torch.uint8).cpu().numpy()
        crc = crc32(rows.tobytes(), crc)
    settings |= {"domain": codes.domain, "codes": len(codes), "crc": crc}
    return json.dumps(settings, sort_keys=True)
