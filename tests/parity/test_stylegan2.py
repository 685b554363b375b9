"""Our generator against the public rosinality-layout code that DeltaEdit ships."""

import pytest
import torch

from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.support.device import computing
from tests.parity.cases import BFLOAT16_BOUND, Case, assert_agrees, load_case, rounding

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["stylegan2_32", "stylegan2_1024"])
def case(request: pytest.FixtureRequest) -> Case:
    return load_case(request.param)


@pytest.fixture(scope="module")
def generator(case: Case) -> Generator:
    return Generator.from_state_dict(case.state_dict()).requires_grad_(False)


def compared_region(pictures: torch.Tensor, expected: torch.Tensor) -> torch.Tensor:
    """The case keeps the middle of a large picture (448..575 of 1024)."""
    first = (pictures.shape[-1] - expected.shape[-1]) // 2
    middle = slice(first, first + expected.shape[-1])
    return pictures[:, :, middle, middle]


def test_the_state_dict_is_the_public_layout(case: Case, generator: Generator) -> None:
    ours = {key: list(value.shape) for key, value in generator.state_dict().items()}
    assert ours == case.layout["keys"]
    assert list(generator.style_widths) == case.layout["s_widths"]
    assert generator.latent_rows == case.layout["n_latent"]


def test_our_filters_are_the_usual_ones(case: Case) -> None:
    fresh = Generator(8, {4: 4, 8: 4}, 4).state_dict()
    torch.testing.assert_close(
        fresh["convs.0.conv.blur.kernel"], case.value("convs.0.conv.blur.kernel")
    )
    torch.testing.assert_close(
        fresh["to_rgbs.0.upsample.kernel"], case.value("to_rgbs.0.upsample.kernel")
    )


def test_mapping(case: Case, generator: Generator) -> None:
    assert_agrees(generator.mapping(case["z"]), case["w"])


def test_styles(case: Case, generator: Generator) -> None:
    assert_agrees(generator.to_style(case["wplus"]), case["s"])


def assert_picture_agrees(
    pictures: torch.Tensor, expected: torch.Tensor, moments: list[float]
) -> None:
    """The kept region value by value; the whole picture by its mean and standard deviation."""
    assert_agrees(compared_region(pictures, expected), expected)
    assert [pictures.mean().item(), pictures.std(correction=0).item()] == pytest.approx(
        moments, rel=1e-4, abs=1e-4
    )


def test_pictures(case: Case, generator: Generator) -> None:
    pictures = generator.synthesize(generator.to_style(case["wplus"]), case["wplus"])
    assert_picture_agrees(pictures, case["image"], case["image_mean_std"][:2].tolist())


def test_edited_styles_keep_the_rgb_styles_of_w_plus(case: Case, generator: Generator) -> None:
    edited = generator.synthesize(case["s"] + case["delta_s"], case["wplus"])
    assert_picture_agrees(edited, case["image_edited"], case["image_mean_std"][2:].tolist())


def test_a_low_precision_rounds_only(
    case: Case, generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DELTAEDIT_PRECISION", "bfloat16")
    w_plus, expected = case["wplus"][:1], case["image"][:1]
    with torch.no_grad(), computing("cpu"):
        pictures = generator.synthesize(generator.to_style(w_plus), w_plus)
    assert pictures.dtype == torch.float32
    assert 0 < rounding(compared_region(pictures, expected), expected) < BFLOAT16_BOUND
