"""Does the claim hold for your CLIP, or your data? Embed your own pictures and captions.

    read_captions ─► middle square ─► CLIP image ─► i
                 └─► caption       ─► CLIP text  ─► t                 (of several the first)

Embedding is the slow part, so its result is kept in one safetensors file whose name is a hash of
everything that decides it: files (path, size, time), captions, weights and preprocessing of CLIP.
What cannot be read or said is left out and listed, never fatal.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from deltaedit_kit.clip_space import ClipSpace
from deltaedit_kit.labs.delta_space.clouds.cloud import Cloud
from deltaedit_kit.labs.delta_space.clouds.reading import read_captions
from deltaedit_kit.labs.photo.code_sources import read_square
from deltaedit_kit.support.atomic import check_path, load_tensors, save_tensors
from deltaedit_kit.support.errors import DeltaEditError, check_whole_number
from deltaedit_kit.support.pictures import to_uint8

Items = tuple[tuple[Path, tuple[str, ...]], ...]  # a picture and its captions
THUMBNAIL, PICTURES_A_PASS = 32, 32
FORMAT = "deltaedit cloud 1"


@dataclass(frozen=True)
class OwnCloud:
    """The cloud, what was left out and why (a line each), where it is cached (None: nowhere)."""

    cloud: Cloud
    skipped: tuple[str, ...]
    cache: Path | None = None


@torch.no_grad()
def own_cloud(
    source: str | Path,
    clip: ClipSpace,
    limit: int | None = None,
    cache: str | Path | None = None,
    progress: bool = True,
) -> OwnCloud:
    """Embed pictures and captions with `clip`; `source` as for `read_captions`.

    Of several captions the first is taken. `limit` keeps the first so many pictures. `cache` is a
    folder: the second call reads what the first one wrote. A warning says where nothing can be
    written.
    Raises DeltaEditError as `read_captions`, for a wrong option, and when nothing could be used.
    """
    found = read_captions(source)
    items = found.items[: None if limit is None else check_whole_number("limit", limit, 1)]
    path = None
    if cache is not None:
        name = f"cloud-{_fingerprint(items, clip)}.safetensors"
        path = check_path(cache) / name
        if path.exists() and (stored := _load(path)) is not None:
            return OwnCloud(stored.cloud, (*found.skipped, *stored.skipped), path)
    made = _embed(items, clip, progress)
    if path is not None:
        try:
            _save(path, made)
        except OSError as cause:  # the work is done: a full disk must not take it away
            warnings.warn(
                f"the embeddings are not kept in {cache}: {cause}; the next call makes them again",
                stacklevel=3,  # who called, beyond the decorator
            )
            path = None
    return OwnCloud(made.cloud, (*found.skipped, *made.skipped), path)


def _embed(items: Items, clip: ClipSpace, progress: bool) -> OwnCloud:
    from tqdm.auto import tqdm

    pictures, texts, small, kept, skipped = [], [], [], [], []
    bar = tqdm(total=len(items), unit="pictures", desc="CLIP", disable=not progress)
    for start in range(0, len(items), PICTURES_A_PASS):
        squares, captions = [], []
        for file, said in items[start : start + PICTURES_A_PASS]:
            try:
                square = read_square(file, clip.resolution)
                text = clip.encode_texts([said[0]])[0].cpu()
            except DeltaEditError as error:
                skipped.append(f"{file.name}: {error}")
                continue
            squares.append(square)
            captions.append(said[0])
            texts.append(text)
        if squares:
            stacked = torch.stack(squares)
            pictures.append(clip.encode_images(stacked).cpu())
            size = (THUMBNAIL, THUMBNAIL)
            little = F.interpolate(stacked, size, mode="bilinear", antialias=True)
            small.append(to_uint8(little))
            kept += captions
        bar.update(min(PICTURES_A_PASS, len(items) - start))
    bar.close()
    if not kept:
        raise DeltaEditError(f"none of {len(items)} pictures could be used; first: {skipped[0]}")
    cloud = Cloud(
        "your own",
        torch.cat(pictures).numpy(),
        torch.stack(texts).numpy(),
        tuple(kept),
        np.concatenate(small),
    )
    return OwnCloud(cloud, tuple(skipped))


def _fingerprint(items: Items, clip: ClipSpace) -> str:
    """Sixteen hexadecimal digits that change with anything that changes the embeddings."""
    digest = hashlib.sha256(f"{FORMAT} {clip.preprocessing} {clip.resolution} first".encode())
    for name, weight in clip.model.state_dict().items():
        # The ends of every tensor tell two trainings apart; reading gigabytes would take seconds.
        values = weight.flatten()
        ends = torch.cat((values[:16], values[-16:])).double().cpu().numpy()
        digest.update(f"{name} {list(weight.shape)}".encode() + ends.tobytes())
    for file, said in items:
        about = file.stat()
        line = [str(file.resolve()), about.st_size, about.st_mtime_ns, *said]
        digest.update(json.dumps(line).encode())
    return digest.hexdigest()[:16]


def _save(path: Path, made: OwnCloud) -> None:
    cloud = made.cloud
    tensors = {
        "pictures": torch.from_numpy(cloud.pictures),
        "texts": torch.from_numpy(cloud.texts),
        "thumbnails": torch.from_numpy(np.asarray(cloud.thumbnails)),
    }
    words = {"captions": cloud.captions, "skipped": made.skipped}
    save_tensors(path, tensors, {"format": FORMAT, "words": json.dumps(words)})


def _load(path: Path) -> OwnCloud | None:
    """The stored cloud; None for a file that is damaged or changed, which is then made again."""
    try:
        tensors, header = load_tensors(path)
        words = json.loads(header["words"])
        parts = [tensors[name].numpy() for name in ("pictures", "texts", "thumbnails")]
        cloud = Cloud("your own", parts[0], parts[1], tuple(words["captions"]), parts[2])
    except (DeltaEditError, ValueError, KeyError, TypeError):
        return None
    return OwnCloud(cloud, tuple(words["skipped"]))
