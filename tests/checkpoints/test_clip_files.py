"""CLIP from files and names: JIT archives as data, and the activation that must fit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from deltaedit_kit.io.checkpoints.container import Container
from deltaedit_kit.io.checkpoints.describing import describe
from deltaedit_kit.io.checkpoints.loaders import load_clip
from deltaedit_kit.io.checkpoints.reading import read
from deltaedit_kit.support.errors import DeltaEditError
from tests.checkpoints import small

NUMBERS = {"input_resolution": 64, "context_length": small.CONTEXT, "vocab_size": small.WORDS}


class Tree(nn.Module):
    """Modules within modules, named by the keys of a state dict: what a JIT archive keeps."""

    def put(self, key: str, value: torch.Tensor) -> None:
        part, _, rest = key.partition(".")
        if rest:
            if part not in self._modules:
                self.add_module(part, Tree())
            self.get_submodule(part).put(rest, value)
        else:
            self.register_buffer(part, value)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + 1


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    return small.clip_state()


@pytest.fixture
def archive(state: dict[str, torch.Tensor], tmp_path: Path) -> Path:
    """A TorchScript archive in half precision with OpenAI's three numbers, as theirs are."""
    tree = Tree()
    for key, value in state.items():
        tree.put(key, value.half())
    for key, number in NUMBERS.items():
        tree.put(key, torch.tensor(number))
    torch.jit.save(torch.jit.script(tree), tmp_path / "ViT.pt")
    return tmp_path / "ViT.pt"


def test_a_jit_archive_is_read_as_data(archive: Path, state: dict, monkeypatch) -> None:
    monkeypatch.setattr(torch.jit, "load", lambda *_, **__: pytest.fail("the archive was run"))
    contents = read(archive)
    assert contents.container is Container.TORCHSCRIPT
    assert {key: int(contents.tree[key]) for key in NUMBERS} == NUMBERS
    space = load_clip(archive)
    small.assert_same(
        space.model.state_dict(), {key: value.half().float() for key, value in state.items()}
    )
    assert (space.width, space.resolution, space.preprocessing) == (64, 64, "clip")
    assert describe(archive).format.startswith("OpenAI layout, TorchScript")


@pytest.fixture
def names(tmp_path: Path) -> tuple[str, str]:
    """Two models that open_clip knows for this test, alike but for the activation."""
    import open_clip  # seconds, which collecting need not take

    shared = {
        "embed_dim": 64,
        "vision_cfg": {"image_size": 64, "layers": 2, "width": 128, "patch_size": 8},
        "text_cfg": {
            "context_length": small.CONTEXT,
            "vocab_size": small.WORDS,
            "width": 128,
            "heads": 2,
            "layers": 2,
        },
    }
    for name, more in (("kit-test", {}), ("kit-test-quickgelu", {"quick_gelu": True})):
        (tmp_path / f"{name}.json").write_text(json.dumps(shared | more))
        open_clip.add_model_config(tmp_path / f"{name}.json")
    return "kit-test", "kit-test-quickgelu"


def test_openai_files_under_a_plain_name_are_refused(archive: Path, names) -> None:
    plain, quick = names
    with pytest.raises(DeltaEditError, match=f"silently wrong; give '{quick}'"):
        load_clip(plain, archive)
    right, alone = load_clip(quick, archive), load_clip(archive)
    pictures = torch.rand(1, 3, 64, 64) * 2 - 1
    torch.testing.assert_close(right.encode_images(pictures), alone.encode_images(pictures))


def test_other_weights_under_a_plain_name_use_plain_gelu(state, names, tmp_path: Path) -> None:
    save_file(state, tmp_path / "laion.safetensors")
    plain = load_clip(names[0], tmp_path / "laion.safetensors")
    quick = load_clip(names[1], tmp_path / "laion.safetensors")
    pictures = torch.rand(1, 3, 64, 64) * 2 - 1
    apart = plain.encode_images(pictures) - quick.encode_images(pictures)
    assert float(apart.norm()) > 1e-4  # the mistake is real, and small enough not to be seen


def test_openai_weights_by_tag_need_the_right_name() -> None:
    for name in ("ViT-B-32", "ViT-B/32", "RN50"):
        right = f"{name.replace('/', '-')}-quickgelu"
        with pytest.raises(DeltaEditError, match=f"give '{right}'"):
            load_clip(name, "openai")


@pytest.mark.parametrize(
    ("name", "weights", "words"),
    [
        ("ViT-B-23", "openai", "did you mean ViT-B-32"),
        ("ViT-B-32", "laion_2b", "its tags: openai"),
        ("ViT-B-32", None, "give weights too"),
        ("no/such/file.pt", None, "does not exist"),
    ],
)
def test_unknown_names(name: str, weights: str | None, words: str) -> None:
    with pytest.raises(DeltaEditError, match=words):
        load_clip(name, weights)


def test_a_download_that_fails_is_one_line(monkeypatch) -> None:
    def offline(*_, **__):
        raise ConnectionError("no route\nto host")

    monkeypatch.setattr("open_clip.create_model", offline)
    with pytest.raises(DeltaEditError, match=r"no route to host.*give the file"):
        load_clip("ViT-B-32", "laion2b_s34b_b79k")


def test_a_width_that_no_matrix_backs_is_refused(state, tmp_path: Path) -> None:
    spoilt = dict(state) | {"ln_final.weight": torch.ones(100_000)}
    save_file(spoilt, tmp_path / "wide.safetensors")
    with pytest.raises(DeltaEditError, match="width 100000 needs"):
        load_clip(tmp_path / "wide.safetensors")
