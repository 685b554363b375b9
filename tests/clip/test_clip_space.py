"""ClipSpace: parity with OpenAI's CLIP, refusals of bad texts, any model of the duck type."""

import pytest
import torch
from torch import nn

from deltaedit_kit.clip_network import ClipNetwork
from deltaedit_kit.clip_space import CLIP_MEAN, CLIP_STD, ClipSpace, prepare
from deltaedit_kit.support.errors import DeltaEditError
from tests.fixtures.parity.rule import rnd
from tests.parity.cases import assert_agrees, load_case

TEXTS = ["face with eyeglasses", "a photo of a face with a big smile, 2023!"]


@pytest.fixture(scope="module")
def case():
    return load_case("clip_tiny")


@pytest.fixture(scope="module")
def space(case):
    return ClipSpace.from_state_dict(case.state_dict())


def test_parity_of_tokens_pictures_and_texts(case, space):
    assert torch.equal(space.tokens(TEXTS), case["tokens"].long())
    pictures = torch.from_numpy(rnd("img64", 2, 3, 64, 64))
    assert_agrees(space.model.encode_image(pictures), case["image_features"])
    assert_agrees(space.model.encode_text(space.tokens(TEXTS)), case["text_features"])


def test_embeddings_are_the_unit_vectors_of_the_parity_case(case, space):
    expected = nn.functional.normalize(case["text_features"], dim=-1)
    assert_agrees(space.encode_texts(TEXTS), expected)
    pictures = torch.from_numpy(rnd("img64", 2, 3, 64, 64))
    unit = space.encode_images(pictures, drawn=True)
    assert_agrees(unit, nn.functional.normalize(case["image_features"], dim=-1))
    torch.testing.assert_close(unit.norm(dim=-1), torch.ones(2))
    assert space.width == 64
    assert space.resolution == 64


def test_weights_stay_exact(case):
    weights = case.state_dict()
    loaded = ClipNetwork.from_state_dict(weights).state_dict()
    for key, value in weights.items():
        assert torch.equal(loaded[key], value), key


def test_plain_gelu_would_be_noticed(case):
    """OpenAI's weights need QuickGELU; the ordinary one gives other numbers without a warning."""
    model = ClipNetwork.from_state_dict(case.state_dict())
    model.visual.transformer.resblocks[0].mlp.gelu = nn.GELU()
    features = model.encode_image(torch.from_numpy(rnd("img64", 2, 3, 64, 64)))
    with pytest.raises(AssertionError):
        assert_agrees(features, case["image_features"])


def test_delta_text_averages_units_over_templates(space):
    frames = ["{}", "a photo of a {}."]
    unit = space.encode_texts([f.replace("{}", t) for t in ("smile", "face") for f in frames])
    means = nn.functional.normalize(unit.view(2, 2, -1).mean(1), dim=-1)
    torch.testing.assert_close(space.delta_texts(["smile"], "face", frames)[0], means[0] - means[1])
    alone = space.encode_texts(["smile", "face"])
    torch.testing.assert_close(space.delta_texts(["smile"], "face")[0], alone[0] - alone[1])
    assert float(space.delta_texts(["face"], "face").norm()) < 1e-6


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("  \n", "empty"),
        ("\u200b\u2060", "empty"),  # zero width: nothing that one could see
        (b"face", "must be a str"),
        (7, "must be a str"),
        (None, "must be a str"),
        ("face\x00", "binary"),
        ("\ud800", "binary"),
        ("\x89PNG", "binary"),
        ("face\x7f", "binary"),
        ("face " * 76, "76 tokens, CLIP reads 75"),
        ("x" * 100_000, "shorten"),
        ("\N{MATHEMATICAL BOLD FRAKTUR CAPITAL H}" * 40, "CLIP reads 75"),  # several tokens each
        ("&fjlig;\u0130" * 60, "CLIP reads 75"),  # grows when it is cleaned
    ],
)
def test_bad_text_is_refused_in_one_line(space, text, words):
    with pytest.raises(DeltaEditError, match=words) as refusal:
        space.encode_texts([text])
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 200
    with pytest.raises(DeltaEditError, match=words):
        space.delta_texts([text], "face")


def test_the_longest_text_that_fits_is_read_whole(space):
    fits = space.tokens(["face " * 75])
    assert int(fits[0, -1]) == 49407
    assert int((fits[0] != 0).sum()) == 77


@pytest.mark.parametrize("texts", ["face", b"face", [], None, 3])
def test_texts_come_as_a_list(space, texts):
    with pytest.raises(DeltaEditError, match="list of texts"):
        space.encode_texts(texts)


def test_template_needs_a_place_for_the_text(space):
    with pytest.raises(DeltaEditError, match="no place"):
        space.delta_texts(["smile"], "face", ["a photo"])


@pytest.mark.parametrize(
    ("pictures", "words"),
    [
        (torch.zeros(3, 64, 64), "shape"),
        (torch.zeros(1, 1, 64, 64), "shape"),
        (torch.zeros(1, 3, 64, 32), "square"),
        (torch.zeros(0, 3, 64, 64), "at least one"),
        (torch.zeros(1, 3, 0, 0), "shape"),
        (torch.zeros(1, 3, 64, 64, dtype=torch.uint8), "127.5"),
        (torch.zeros(1, 3, 64, 64).numpy(), r"ndarray; .*torch\.as_tensor"),
    ],
)
def test_bad_pictures_are_refused(space, pictures, words):
    with pytest.raises(DeltaEditError, match=words):
        space.encode_images(pictures)


def test_unknown_preprocessing_and_foreign_weights():
    with pytest.raises(DeltaEditError, match="delta_edit"):
        ClipSpace(nn.Identity(), None, "imagenet")
    with pytest.raises(DeltaEditError, match="OpenAI's CLIP layout"):
        ClipNetwork.from_state_dict({"weight": torch.zeros(2, 2)})


@pytest.mark.slow
@pytest.mark.parametrize("size", [256, 1024, 128])
def test_delta_edit_preprocessing_is_the_reference_arithmetic(size):
    pictures = torch.rand(1, 3, size, size) * 2 - 1
    grown = pictures.repeat_interleave(7, dim=2).repeat_interleave(7, dim=3)
    expected = nn.functional.avg_pool2d(grown, size // 32)
    torch.testing.assert_close(prepare(pictures, 224, "delta_edit"), expected)


def test_clip_preprocessing_normalises_and_plain_keeps():
    pictures = torch.rand(2, 3, 32, 32) * 2 - 1
    assert torch.equal(prepare(pictures, 32, "plain"), pictures)
    ready = prepare(pictures, 32, "clip")
    back = ready * torch.tensor(CLIP_STD).view(3, 1, 1) + torch.tensor(CLIP_MEAN).view(3, 1, 1)
    torch.testing.assert_close(back, pictures * 0.5 + 0.5)
    assert prepare(pictures, 24, "clip").shape == (2, 3, 24, 24)


def test_pictures_pass_gradients(space):
    pictures = torch.zeros(1, 3, 64, 64, requires_grad=True)
    space.encode_images(pictures)[0, 0].backward()
    assert pictures.grad is not None
    assert float(pictures.grad.abs().sum()) > 0


class OpenAIStandIn(nn.Module):
    """What the OpenAI `clip` package returns, as far as anyone may rely on it."""

    def __init__(self):
        super().__init__()
        self.visual = nn.Conv2d(3, 8, 4)
        self.visual.input_resolution = 16
        self.context_length = 12
        self.text_projection = nn.Parameter(torch.randn(8, 8))
        self.seen = []

    @property
    def dtype(self):
        return self.visual.weight.dtype

    def encode_image(self, image):
        self.seen.append((image.dtype, tuple(image.shape)))
        return self.visual(image).mean((2, 3))

    def encode_text(self, tokens):
        return tokens.float().cumsum(1)[:, :8] @ self.text_projection.float()


def openai_tokenize(texts, context_length=12):
    """clip.tokenize: ids padded with zeros, RuntimeError for a long text."""
    rows = torch.zeros(len(texts), context_length, dtype=torch.int32)
    for row, text in zip(rows, texts, strict=True):
        ids = [49406, *(len(word) for word in text.split()), 49407]
        if len(ids) > context_length:
            raise RuntimeError(f"Input {text} is too long for context length {context_length}")
        row[: len(ids)] = torch.tensor(ids)
    return rows


def test_a_model_of_the_openai_package_works_in_its_place():
    model = OpenAIStandIn().to(torch.float64)
    space = ClipSpace(model, openai_tokenize, "clip")
    unit = space.encode_images(torch.zeros(2, 3, 64, 64))
    assert model.seen == [(torch.float64, (2, 3, 16, 16))]
    assert unit.dtype == torch.float32
    torch.testing.assert_close(unit.norm(dim=-1), torch.ones(2))
    texts = space.encode_texts(["a face", "a smiling face"])
    assert texts.shape == (2, 8)
    assert space.width == 8
    with pytest.raises(DeltaEditError, match="too long"):
        space.encode_texts(["face " * 30])


class Words:
    """A tokenizer of SigLIP's kind: a number a word, no start mark, the end mark 1; it cuts."""

    def __init__(self, padding: int, context: int = 8) -> None:
        self.padding, self.context = padding, context

    def __call__(self, texts: list[str]) -> torch.Tensor:
        rows = torch.full((len(texts), self.context), self.padding)
        for row, text in zip(rows, texts, strict=True):
            ids = [2 + len(word) for word in text.split() if word.isalpha()][: self.context - 1]
            row[: len(ids) + 1] = torch.tensor([*ids, 1])
        return rows


@pytest.mark.parametrize("padding", [0, 1])  # SigLIP 2 and SigLIP
def test_a_tokenizer_without_a_start_mark_reads_one_word(space, padding: int) -> None:
    other = ClipSpace(space.model, Words(padding))
    assert int(other.tokens(["cat"])[0, 0]) == 5
    with pytest.raises(DeltaEditError, match="holds no words"):
        other.tokens(["..."])


def test_what_another_tokenizer_would_cut_is_refused(space) -> None:
    other = ClipSpace(space.model, Words(0))
    other.tokens(["a b c d e f"])
    with pytest.raises(DeltaEditError, match="shorten it"):
        other.tokens(["a b c d e f g h i"])


def test_mobileclip_takes_pictures_by_bilinear_means() -> None:
    """As all published weights whose mean is 0 do."""
    pictures = torch.from_numpy(rnd("img64", 2, 3, 64, 64)).clamp(-1, 1)
    expected = nn.functional.interpolate(pictures, size=32, mode="bilinear", antialias=True)
    torch.testing.assert_close(prepare(pictures, 32, "unit"), expected * 0.5 + 0.5)
