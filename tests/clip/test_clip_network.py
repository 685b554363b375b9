"""Our CLIP network and tokenizer beside open_clip's: the same bits, in float32."""

from __future__ import annotations

import pytest
import torch

from deltaedit_kit import DeltaEditError
from deltaedit_kit.clip_network import ClipNetwork, ClipSizes
from deltaedit_kit.clip_tokenizer import tokenize
from deltaedit_kit.toyfaces.networks import read_weights

# The sizes of OpenAI's ViT-B/32 but for the number of layers, and of two smaller networks.
VIT_B_32 = ClipSizes(512, 224, 32, 768, 2, 77, 49408, 512, 2, 12, 8)
SMALL = ClipSizes(64, 64, 16, 128, 3, 77, 49408, 64, 1, 2, 1)


def open_clips(weights: dict[str, torch.Tensor]) -> torch.nn.Module:
    from open_clip.model import build_model_from_openai_state_dict

    model = build_model_from_openai_state_dict(dict(weights), cast_dtype=torch.float32).float()
    model.load_state_dict(weights)  # the builder rounds to float16 on the way
    return model.eval().requires_grad_(False)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["toyfaces", "ViT-B/32", "small"])
def test_the_same_bits_as_open_clip(name: str) -> None:
    if name == "toyfaces":
        weights = {key: value.float() for key, value in read_weights("clip").items()}
    else:
        weights = ClipNetwork(VIT_B_32 if name == "ViT-B/32" else SMALL).state_dict()
    ours, theirs = ClipNetwork.from_state_dict(weights), open_clips(weights)
    side = ours.visual.input_resolution
    pictures = torch.rand(3, 3, side, side) * 2 - 1
    tokens = tokenize(["a face", "a smiling face with round glasses", "old"])
    with torch.no_grad():
        assert torch.equal(ours.encode_image(pictures), theirs.encode_image(pictures))
        assert torch.equal(ours.encode_text(tokens), theirs.encode_text(tokens))


def test_gradients_to_pixels_are_open_clips() -> None:
    weights = ClipNetwork(SMALL).state_dict()
    slopes = []
    for model in (ClipNetwork.from_state_dict(weights), open_clips(weights)):
        pictures = torch.linspace(-1, 1, 2 * 3 * 64 * 64).view(2, 3, 64, 64).requires_grad_()
        model.encode_image(pictures).square().sum().backward()
        slopes.append(pictures.grad)
    torch.testing.assert_close(*slopes, rtol=1e-5, atol=1e-7)


def test_tokens_are_open_clips() -> None:
    from open_clip.tokenizer import tokenize as theirs

    texts = ["a face", "", "  A  FACE!! ", "it's 2023, naïve café", "日本語 текст ελληνικά", "😀"]
    texts += ["&lt;b&gt; &amp;amp; bold", "l’homme — “quoted”", "word " * 200, "x\u200by\tz\n"]
    random = torch.Generator().manual_seed(0)
    for _ in range(300):
        codes = torch.randint(32, 0x2FFF, (12,), generator=random).tolist()
        texts.append("".join(chr(code) for code in codes))
    assert torch.equal(tokenize(texts), theirs(texts))
    assert torch.equal(tokenize(texts[:3], context_length=16), theirs(texts[:3], context_length=16))


def test_sizes_that_a_file_does_not_hold_cost_nothing() -> None:
    weights = dict(ClipNetwork(SMALL).state_dict())
    weights["ln_final.weight"] = torch.zeros(1).expand(4_000_000)  # a text tower of terabytes
    with pytest.raises(DeltaEditError, match="OpenAI's CLIP layout"):
        ClipNetwork.from_state_dict(weights)
    weights["ln_final.weight"] = torch.zeros(0)
    with pytest.raises(DeltaEditError, match="OpenAI's CLIP layout"):
        ClipNetwork.from_state_dict(weights)
