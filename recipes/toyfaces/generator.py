"""Train the toyfaces StyleGAN2 by regression: the picture that z stands for is known.

Every z names a portrait (`factors_from_z`), so the generator can be taught without a critic. The
mapping network is set at once so that w knows the portrait (`generator_mapping`) and then rests.
For r = 32, 64, 128 pixels in turn (the skip architecture gives a picture at each size)

    minimise  E_z  detail_loss(G_r(z), render_r(factors_from_z(z))) + λ unexplained_r(z, z')

where z' is a partner of z that differs in one factor (`generator_pairs`).

Noise inputs are trained too and fade, as nothing random is left for them to explain. What is
kept is the running average of the weights (EMA).

    python -m recipes.toyfaces.generator            # resumes by itself after an interruption
"""

import argparse
import copy
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from deltaedit_kit import load_domain
from deltaedit_kit.labs.metrics.psnr import psnr
from deltaedit_kit.labs.own_domain.mapping import OFFSET, fold_offset
from deltaedit_kit.labs.own_domain.style_scales import rescale
from deltaedit_kit.support.atomic import save_tensors
from recipes.toyfaces.generator_loss import factor_weight
from recipes.toyfaces.generator_mapping import solve_mapping
from recipes.toyfaces.generator_run import RUN, Config, Run, assist
from recipes.toyfaces.renders import CACHE, Renders, renders, to_float
from recipes.weights import rounded

WEIGHTS = Path("deltaedit_kit/toyfaces/weights/generator.safetensors")


def export(run: Run, path: Path) -> None:
    """Write the averaged generator with its mean of w, as the kit loads it."""
    finished = copy.deepcopy(run.average).eval().requires_grad_(False)
    fold_offset(finished)
    rescale(finished, load_domain("toyfaces", run.device).clip, run.config.seed)
    finished.estimate_mean_w(20_000, seed=0)
    # The mapping's hinges nearly cancel each other: they stay exact.
    tensors = rounded(finished.checkpoint(), exact=("style.", "latent_avg"))
    save_tensors(path, tensors, {"format": "stylegan2-rosinality", "domain": "toyfaces"})


@torch.no_grad()
def quality_of(run: Run, data: Renders, rows: slice, resolution: int) -> float:
    """PSNR in dB of the averaged generator to the renders of the same z (range 2)."""
    z = torch.from_numpy(data.z[rows]).to(run.device)
    target = to_float(torch.from_numpy(np.array(data.pictures[rows])).to(run.device))
    target = F.avg_pool2d(target, target.shape[-1] // resolution)
    w_plus = run.average.expand(run.average.mapping(z) - OFFSET)
    made = run.average.synthesize(run.average.to_style(w_plus), w_plus, resolution=resolution)
    return psnr(made.clamp(-1, 1), target).mean().item()


def train(
    config: Config,
    device: str,
    cache: Path,
    out: Path,
    export_every: float,
    start: Path | None,
    workers: int,
) -> None:
    """Run every phase that is not done yet, saving as it goes."""
    data = renders(config.renders + 250, cache, device)
    held_out = slice(config.renders, config.renders + 128)
    data_train = data.first(config.renders)
    run = Run(config, device)
    if run.load():
        print(
            f"resumed in phase {run.phase} at step {run.step} after {run.seconds:.0f} s", flush=True
        )
    else:
        if start is not None:
            run.warm_start(start)
        else:
            error = solve_mapping(run.model, config.seed)
            run.average.load_state_dict(run.model.state_dict())
            print(f"mapping solved, error {error:.4f} of 0.58", flush=True)
    if workers > 1:
        run.share()
    helpers = [
        torch.multiprocessing.get_context("spawn").Process(
            target=assist, args=(run, cache, helper), daemon=True
        )
        for helper in range(1, workers)
    ]
    for helper in helpers:
        helper.start()
    while run.phase < len(config.phases):
        phase = config.phases[run.phase]
        weight_map = factor_weight(phase.resolution).to(device)
        clock = last = time.perf_counter()
        exported, running = clock, 0.0
        while run.step * config.batch < phase.pictures:
            running = 0.98 * running + 0.02 * run.train_step(data_train, phase, weight_map)
            now = time.perf_counter()
            run.seconds, clock = run.seconds + now - clock, now
            if now - last > config.save_every:
                run.save()
                quality = quality_of(run, data, held_out, phase.resolution)
                print(
                    f"{phase.resolution} px  {run.step * config.batch} pictures  "
                    f"loss {running:.4f}  PSNR {quality:.2f} dB  {run.seconds:.0f} s  missed "
                    + " ".join(f"{n} {m:.2f}" for n, m in run.paired.most_missed(4)),
                    flush=True,
                )
                last = time.perf_counter()
            if phase.resolution == run.model.resolution and now - exported > export_every:
                export(run, RUN / "intermediate.safetensors")
                exported = now
        run.next_phase()
        run.save()
    for helper in helpers:
        helper.join()
    export(run, out)
    quality = quality_of(run, data, held_out, run.model.resolution)
    print(f"{out}: PSNR {quality:.2f} dB, {run.seconds:.0f} s of training")


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--export-every", type=float, default=300.0, help="seconds between exports")
    parser.add_argument("--warm-start", type=Path, help="go on from this exported generator")
    parser.add_argument("--pictures", type=int, nargs=3, help="pictures at 32, 64 and 128 px")
    parser.add_argument("--rate", type=float, help="rate that the last phase begins with")
    parser.add_argument("--ema-pictures", type=float, help="time constant of the weight average")
    parser.add_argument("--workers", type=int, default=1, help="processes that train together")
    options = parser.parse_args()
    config = Config()
    if options.pictures:
        pairs = zip(config.phases, options.pictures, strict=True)
        config = replace(config, phases=tuple(replace(p, pictures=n) for p, n in pairs))
    if options.ema_pictures:
        config = replace(config, ema_pictures=options.ema_pictures)
    if options.rate:
        *first, last = config.phases
        config = replace(config, phases=(*first, replace(last, lr_start=options.rate)))
    train(
        config,
        options.device,
        options.cache,
        options.out,
        options.export_every,
        options.warm_start,
        options.workers,
    )


if __name__ == "__main__":
    main()
