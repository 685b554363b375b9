"""Your own pictures and captions: three layouts, broken entries listed, a cache."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from deltaedit_kit.clip_space import ClipSpace
from deltaedit_kit.labs.delta_space.clouds import own_cloud
from tests.delta_space.small_clouds import picture
from tests.tiny_domain import tiny_clip


@pytest.fixture(scope="module")
def clip() -> ClipSpace:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return tiny_clip()


def test_embedding_lists_what_it_leaves_out(folder: Path, clip: ClipSpace) -> None:
    made = own_cloud(folder, clip, progress=False)
    assert made.cloud.captions == ("a smiling face", "an old man")
    assert made.cloud.texts == pytest.approx(
        clip.encode_texts(made.cloud.captions).numpy(), abs=1e-5
    )
    assert np.linalg.norm(made.cloud.pictures, axis=1) == pytest.approx([1, 1], abs=1e-5)
    assert made.cloud.thumbnails is not None
    assert made.cloud.thumbnails.shape == (2, 32, 32, 3)
    assert len(made.skipped) == 3
    assert any(line.startswith("4.jpg: cannot read the picture") for line in made.skipped)
    assert own_cloud(folder, clip, limit=1, progress=False).cloud.captions == ("a smiling face",)


def test_a_caption_too_long_for_this_clip_is_left_out(tmp_path: Path, clip: ClipSpace) -> None:
    for name, text in (("a", "a face"), ("b", "very " * 40 + "long")):
        picture(tmp_path / f"{name}.png")
        (tmp_path / f"{name}.txt").write_text(text)
    made = own_cloud(tmp_path, clip, progress=False)
    assert made.cloud.captions == ("a face",)
    assert "tokens, CLIP reads" in made.skipped[0]


def test_a_cache_that_cannot_be_written_costs_nobody_the_work(
    folder: Path, tmp_path: Path, clip: ClipSpace
) -> None:
    (tmp_path / "no folder").touch()
    with pytest.warns(UserWarning, match="not kept in .*no folder.*next call"):
        made = own_cloud(folder, clip, cache=tmp_path / "no folder", progress=False)
    assert (len(made.cloud), made.cache) == (2, None)


def test_the_cache_saves_the_work_and_knows_when_it_is_old(
    folder: Path, tmp_path: Path, clip: ClipSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    first = own_cloud(folder, clip, cache=cache, progress=False)
    assert first.cache is not None
    with monkeypatch.context() as patched:
        patched.setattr(ClipSpace, "encode_images", lambda *_: pytest.fail("embedded again"))
        again = own_cloud(folder, clip, cache=cache, progress=False)
    assert (again.cloud.pictures == first.cloud.pictures).all()
    assert again.cloud.captions == first.cloud.captions
    assert sorted(again.skipped) == sorted(first.skipped)
    other = own_cloud(folder, clip, limit=1, cache=cache, progress=False)
    assert other.cache != first.cache
    first.cache.write_bytes(first.cache.read_bytes()[:40])
    assert (
        own_cloud(folder, clip, cache=cache, progress=False).cloud.texts == first.cloud.texts
    ).all()


def test_another_clip_is_another_space(folder: Path, tmp_path: Path) -> None:
    """The cache follows the weights, not only their sizes."""
    found = [own_cloud(folder, tiny_clip(), cache=tmp_path, progress=False) for _ in range(2)]
    assert found[0].cache != found[1].cache


def test_a_flipped_bit_in_the_cache_is_noticed(
    folder: Path, tmp_path: Path, clip: ClipSpace
) -> None:
    first = own_cloud(folder, clip, cache=tmp_path / "cache", progress=False)
    assert first.cache is not None
    content = bytearray(first.cache.read_bytes())
    content[-5] ^= 1
    first.cache.write_bytes(content)
    again = own_cloud(folder, clip, cache=tmp_path / "cache", progress=False)
    assert (again.cloud.texts == first.cloud.texts).all()
    assert (again.cloud.pictures == first.cloud.pictures).all()
    assert np.array_equal(again.cloud.thumbnails, first.cloud.thumbnails)  # type: ignore[arg-type]
