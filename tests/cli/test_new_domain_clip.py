"""`deltaedit new-domain --clip`: a CLIP of open_clip by name or file, and how pictures enter it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from deltaedit_kit import load_domain
from deltaedit_kit.io.checkpoints.clip import preprocessing_of
from deltaedit_kit.io.drafting import Given, draft
from deltaedit_kit.relevance import Plan, make_relevance
from deltaedit_kit.support.errors import DeltaEditError
from tests.cli.conftest import NewDomain


@pytest.fixture
def custom(tmp_path: Path) -> Path:
    """Weights of "kit-custom" in open_clip: a text tower of its own, as SigLIP's, at random."""
    import open_clip  # seconds, which collecting need not take

    settings = {
        "embed_dim": 24,
        "custom_text": True,
        "vision_cfg": {"image_size": 32, "layers": 1, "width": 64, "patch_size": 16},
        "text_cfg": {
            "context_length": 77,
            "vocab_size": 49408,
            "width": 64,
            "heads": 1,
            "layers": 1,
            "no_causal_mask": True,
        },
    }
    (tmp_path / "kit-custom.json").write_text(json.dumps(settings))
    open_clip.add_model_config(tmp_path / "kit-custom.json")
    model = open_clip.create_model("kit-custom", pretrained=None)
    torch.save({"state_dict": model.state_dict()}, tmp_path / "weights.pt")
    return tmp_path / "weights.pt"


@pytest.mark.slow
def test_any_clip_that_open_clip_builds(
    files: Path,
    custom: Path,
    tmp_path: Path,
    new_domain: NewDomain,
    caplog: pytest.LogCaptureFixture,
) -> None:
    arguments = ["--generator", files / "generator.safetensors", "--neutral", "cat"]
    arguments += ["--clip", custom]
    code, _, err = new_domain(tmp_path / "cats", *arguments)
    assert (code, "is no CLIP" in err) == (2, True)
    code, _, err = new_domain(tmp_path / "cats", *arguments, "--clip-model", "kit-custm")
    assert (code, "did you mean" in err) == (2, True)
    code, _, err = new_domain(tmp_path / "cats", *arguments, "--clip-model", "kit-custom")
    assert (code, err) == (0, "")
    domain = load_domain(tmp_path / "cats")
    caplog.clear()
    assert domain.clip.width == 24
    assert not caplog.text  # such as that its weights are random
    assert domain.sample(1).clip.shape == (1, 24)
    assert domain.delta_text("a white cat").norm() > 0
    make_relevance(
        domain,
        tmp_path / "cats" / "relevance.safetensors",
        Plan(pictures=1, method="gradient"),
    )
    assert load_domain(tmp_path / "cats").relevance.shape == (domain.layout.total, 24)


@pytest.mark.slow
def test_a_clip_by_its_name_in_open_clip(
    files: Path,
    custom: Path,
    tmp_path: Path,
    new_domain: NewDomain,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from open_clip import pretrained

    arguments = ["--generator", files / "generator.safetensors", "--neutral", "cat"]
    arguments += ["--clip", "kit-custom"]
    offline = {"ours": {"url": "http://127.0.0.1:9/weights.pt"}}
    monkeypatch.setitem(pretrained._PRETRAINED, "kit-custom", offline)
    monkeypatch.setenv("HOME", str(tmp_path))  # where open_clip keeps what it fetches
    code, _, err = new_domain(tmp_path / "cats", *arguments)
    assert (code, "fetch http://127.0.0.1:9/weights.pt" in err, err.count("\n")) == (2, True, 1)
    assert not (tmp_path / "cats").exists()
    monkeypatch.setitem(pretrained._PRETRAINED, "kit-custom", {"ours": {"file": str(custom)}})
    code, _, err = new_domain(tmp_path / "cats", *arguments)
    assert (code, err) == (0, "")
    custom.unlink()  # the domain has its own copy
    domain = load_domain(tmp_path / "cats")
    assert domain.sample(1).clip.shape == (1, 24)


@pytest.mark.parametrize(
    ("name", "preprocessing"),
    [("ViT-L-14", "clip"), ("ViT-B-16-SigLIP2", "plain"), ("MobileCLIP-S1", "unit")],
)
def test_pictures_enter_a_clip_as_its_weights_were_trained(name: str, preprocessing: str) -> None:
    assert preprocessing_of(name) == preprocessing


def test_a_clip_of_deltaedit_build_takes_pictures_as_they_are(files: Path, tmp_path: Path) -> None:
    tensors = load_file(files / "clip.safetensors")
    save_file(tensors, tmp_path / "clip.safetensors", {"made_by": "deltaedit build"})
    given = Given(files / "generator.safetensors", "cat", str(tmp_path / "clip.safetensors"))
    assert load_domain(draft(tmp_path / "cats", given)).spec.preprocessing == "plain"


def test_a_mean_that_the_kit_has_not_is_refused() -> None:
    with pytest.raises(DeltaEditError, match="mean of"):
        preprocessing_of("ViT-L-14-CLIPA")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (ImportError("No module named 'transformers'"), "pip install transformers"),
        (OSError("no\nroute to host"), "check the network"),
    ],
)
def test_a_tokenizer_that_is_not_here_is_one_line(
    files: Path,
    tmp_path: Path,
    new_domain: NewDomain,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    words: str,
) -> None:
    """SigLIP's comes from Hugging Face; told before its 1.5 GB are built."""
    import open_clip  # seconds, which collecting need not take

    def fails(_: str) -> None:
        raise failure

    def built(*_: object, **__: object) -> None:
        raise AssertionError("the network was built first")

    monkeypatch.setattr(open_clip, "get_tokenizer", fails)
    monkeypatch.setattr(open_clip, "create_model", built)
    torch.save({"logit_scale": torch.ones(())}, tmp_path / "weights.pt")
    arguments = ["--generator", files / "generator.safetensors", "--neutral", "cat"]
    arguments += ["--clip", tmp_path / "weights.pt", "--clip-model", "ViT-B-32-SigLIP2-256"]
    code, _, err = new_domain(tmp_path / "cats", *arguments)
    assert (code, words in err, err.count("\n")) == (2, True, 1), err
