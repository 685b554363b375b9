"""The generator, by regression: the picture that z stands for is known. Or by a critic.

    minimise  E_z  detail_loss(G_r(z), render_r(z)) + λ unexplained_r(z, z'),      r = 16, 32, 64

z and z' are a pair of `world`: alike but for one factor. The mapping network is solved for at once,
so that w says the factors, and then rests. Where the two renders of a pair differ, the loss weighs
more: every factor gets the same weight, however few pixels show it.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from deltaedit_kit.labs.metrics.pictures import psnr
from deltaedit_kit.labs.own_domain.adversarial import STATE, Config, Run
from deltaedit_kit.labs.own_domain.context import BuildContext
from deltaedit_kit.labs.own_domain.loop import descend
from deltaedit_kit.labs.own_domain.mapping import (
    LAYERS,
    OFFSET,
    fold_offset,
    hinges_of,
    latents,
    solve,
)
from deltaedit_kit.labs.own_domain.muon import muon_and_adam
from deltaedit_kit.labs.own_domain.picture_loss import detail_loss, unexplained
from deltaedit_kit.labs.own_domain.style_scales import rescale
from deltaedit_kit.labs.own_domain.world import World, factors_of
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.support.atomic import load_tensors, save_tensors

PAIRS, PAIRED, FLOOR, SEED = 2, 2.0, 0.5, 3_000_017
MUON_PACE = 20.0  # of convolutions and of the maps w -> s
GROWTH = ((0.12, 4), (0.35, 2), (1.0, 1))  # until this share of the steps, pictures so much smaller
RAW = "generator.raw.safetensors"  # before its channels are scaled for CLIP
ABOUT = {"format": "stylegan2-rosinality"}


def channels_of(context: BuildContext) -> dict[int, int]:
    """Size in pixels -> channels."""
    sizes, side = context.sizes, context.project.spec.resolution
    wide = {2**k: sizes.channels for k in range(2, 6)}
    return wide | {2**k: sizes.last_channels for k in range(6, side.bit_length())}


def factor_weight(world: World, factors: int) -> Float[Tensor, "1 1 R R"]:
    """FLOOR, and more where pictures of a pair differ, each factor's map divided by its mean."""
    pairs = world.at(slice(0, min(world.rows, 100 * factors) // 2 * 2)).unflatten(0, (-1, 2))
    change = (pairs[:, 1] - pairs[:, 0]).abs().mean(1)  # pair i moves factor i mod K
    maps = torch.stack([change[k::factors].mean(0) for k in range(factors)])
    shown = (maps / maps.mean((1, 2), keepdim=True).clamp(min=1e-6)).mean(0)
    return FLOOR + F.avg_pool2d(shown[None, None], 3, 1, 1, count_include_pad=False)


def make_generator(context: BuildContext) -> str | None:
    """By regression, and then how close it came; or by a critic."""
    return make_by_critic(context) if context.adversarial else make_by_regression(context)


def make_by_regression(context: BuildContext) -> str:
    """Solve the mapping, train the synthesis, write what is to be scaled; its PSNR."""
    world, sizes, factors = context.world(), context.sizes, context.factors
    torch.manual_seed(0)
    side = context.project.spec.resolution
    model = Generator(side, channels_of(context), sizes.style_dim, LAYERS)
    z = latents(sizes.style_dim, torch.Generator().manual_seed(0))
    code = factors_of(z, factors)
    solve(model, z, code / code.std(0), *hinges_of(factors))
    model.to(context.device).style.requires_grad_(False)
    for layer in model.layers:
        if layer.to_rgb is not None:
            layer.to_rgb.conv.modulation.requires_grad_(False)
    weight, steps = factor_weight(world, factors).to(context.device), sizes.generator_schedule.steps

    def loss_at(step: int) -> Tensor:
        seeded = torch.Generator().manual_seed(SEED + step)
        first = 2 * torch.randint(world.rows // 2, (PAIRS,), generator=seeded)
        rows = torch.stack((first, first + 1), dim=1).flatten()
        smaller = next(part for share, part in GROWTH if step < share * steps)
        target = F.avg_pool2d(world.at(rows).to(context.device), smaller)
        torch.manual_seed(SEED + step)  # of the noise inputs
        w_plus = model.expand(model.mapping(world.z[rows].to(context.device)) - OFFSET)
        made = model.synthesize(
            model.to_style(w_plus), w_plus, "random", resolution=target.shape[-1]
        )
        missed = unexplained(made.unflatten(0, (-1, 2)), target.unflatten(0, (-1, 2)))
        detail = detail_loss(made, target, F.avg_pool2d(weight, smaller))
        return detail + PAIRED * missed.clamp(max=4).mean()

    state, schedule = context.state("generator"), sizes.generator_schedule
    muon = muon_and_adam(model, MUON_PACE)
    descend(model, loss_at, schedule, state, context.fingerprint, context.progress, muon)
    fold_offset(model)
    finish(context, model)
    return f"PSNR to unseen renders of the same z: {psnr_to_renders(model, world):.1f} dB"


@torch.no_grad()
def psnr_to_renders(model: Generator, world: World) -> float:
    """Mean PSNR in dB of `model`'s pictures to the held-out renders of the same z."""
    device, each = next(model.parameters()).device, []
    for rows in torch.arange(world.rows, len(world.z)).split(50):
        w_plus = model.expand(model.mapping(world.z[rows].to(device)))
        made = model.synthesize(model.to_style(w_plus), w_plus).clamp(-1, 1)
        each.append(psnr(made, world.at(rows).to(device)))
    return torch.cat(each).mean().item()


def make_by_critic(context: BuildContext) -> None:
    """The same by a critic alone: no factor takes part, and z names nothing."""
    world, sizes, side = context.world(), context.sizes, context.project.spec.resolution
    small = sizes.critic_pictures // 5
    config = Config(
        resolution=side,
        channels=channels_of(context),
        style_dim=sizes.style_dim,
        growth={16: small, 32: small},
        fade=max(small // 8, 1),
        pictures=sizes.critic_pictures,
        average_over=min(20_000, max(small, 1)),
    )
    folder = context.workspace / f"critic-{context.fingerprint}"

    def batch_at(step: int) -> Tensor:
        seeded = torch.Generator().manual_seed(SEED + step)
        return world.at(torch.randint(world.rows, (config.batch,), generator=seeded))

    run = Run(config, context.device)
    run.load(folder / STATE)
    finish(context, run.train(batch_at, folder, context.progress))


def finish(context: BuildContext, model: Generator) -> None:
    """Write a trained generator with its mean of w, its channels not scaled yet."""
    model.eval().estimate_mean_w(20_000, seed=0)
    save_tensors(context.workspace / RAW, model.checkpoint(), ABOUT | context.header)


def make_scales(context: BuildContext) -> None:
    """Scale the channels of s by what CLIP sees of them, write generator.safetensors."""
    from deltaedit_kit.io.checkpoints.loaders import load_clip

    tensors, _ = load_tensors(context.workspace / RAW)
    model = Generator.from_state_dict({key: x.clone() for key, x in tensors.items()}).eval()
    model = model.to(context.device).requires_grad_(False)
    clip = load_clip(context.file("clip"), preprocessing=context.project.spec.preprocessing)
    rescale(model, clip.to(context.device), seed=0)
    model.estimate_mean_w(20_000, seed=0)
    save_tensors(context.file("generator"), model.checkpoint(), ABOUT | context.header)
