"""From a photo to faces that can be edited: the tiny domain for the rules, toyfaces for quality."""

from __future__ import annotations

import copy
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from deltaedit_kit import load_domain
from deltaedit_kit.domain import Domain
from deltaedit_kit.editor import Editor
from deltaedit_kit.io import loading
from deltaedit_kit.labs.cli import main as cli
from deltaedit_kit.labs.metrics.pictures import psnr
from deltaedit_kit.labs.photo.encoding import encode
from deltaedit_kit.labs.photo.fidelity import measure_fidelity
from deltaedit_kit.labs.photo.inverting import JOKE, crop_for, invert
from deltaedit_kit.labs.photo.photos import RANGE, cut_middle
from deltaedit_kit.labs.photo.refining import refine
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.support.pictures import read_recipe
from tests.photo.encoders import many_w, with_encoder
from tests.tiny_domain import tiny_domain


def test_equal_pictures_are_wholly_faithful(renders: torch.Tensor, toyfaces: Domain) -> None:
    perfect = measure_fidelity(toyfaces, renders, renders)
    assert perfect.psnr == float("inf")
    assert perfect.identity == pytest.approx(1, abs=1e-5)
    assert perfect.clip == pytest.approx(1, abs=1e-5)
    other = measure_fidelity(toyfaces, renders, renders.roll(1, 0))
    assert other.identity is not None
    assert other.identity < 0.9
    assert other.clip < 0.9
    assert other.psnr == pytest.approx(float(psnr(renders, renders.roll(1, 0)).mean()))
    assert "identity unknown" in str(
        measure_fidelity(tiny_domain(), *[torch.zeros(1, 3, 64, 64)] * 2)
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x: (x + 1) * 127.5, "127.5"),
        (lambda x: torch.where(x > 0, torch.nan, x), "NaN"),
        (lambda x: x[0], "shape"),
        (lambda x: (x * 100).to(torch.uint8), "uint8"),
        (lambda x: x.numpy(), "tensor"),
    ],
)
def test_pictures_that_are_none_enter_nowhere(change, words: str) -> None:
    domain = with_encoder()
    faces = domain.sample(1, seed=3)
    wrong = change(faces.images)
    for call in (
        lambda: encode(domain, wrong),
        lambda: refine(domain, wrong, faces.w_plus, steps=1, progress=False),
        lambda: measure_fidelity(domain, wrong, faces.images),
        lambda: measure_fidelity(domain, faces.images, wrong),
    ):
        with pytest.raises(DeltaEditError, match=words):
            call()


def test_an_inversion_holds_faces_that_can_be_edited(capsys: pytest.CaptureFixture[str]) -> None:
    domain = with_encoder(identity=True)
    photo = domain.sample(1, seed=5).images[0]
    inversion = invert(photo, domain, refine=5)
    assert "refine" in capsys.readouterr().err  # the progress bar
    assert inversion.steps == 5
    assert inversion.fidelity.psnr >= inversion.encoded_fidelity.psnr
    assert inversion.faces.origin is None
    assert inversion.photo.shape == inversion.faces.images.shape == (1, 3, 64, 64)
    edit = Editor(domain).edit(inversion.faces, "an old face")
    again = Editor(domain).replay(edit.recipe)
    assert torch.allclose(edit.after, again.after, atol=1e-5)
    report = str(inversion)
    assert report.startswith("encoded: PSNR")
    assert "refined, 5 steps: PSNR" in report
    plain = invert(photo, domain, progress=False)
    assert plain.faces is plain.encoded
    assert "refined" not in str(plain)
    assert inversion.figure().get_axes()


def test_what_cannot_be_inverted_says_so() -> None:
    domain = with_encoder()
    with pytest.raises(DeltaEditError, match="has no encoder for photos"):
        invert(np.zeros((64, 64, 3), np.uint8), tiny_domain())
    with pytest.raises(DeltaEditError, match="give a domain"):
        invert(np.zeros((64, 64, 3), np.uint8), "toyfaces")  # pyright: ignore[reportArgumentType]
    with pytest.raises(DeltaEditError, match="cannot be read"):
        invert(b"no picture", domain)
    with pytest.raises(DeltaEditError, match="refine is -1"):
        invert(np.zeros((64, 64, 3), np.uint8), domain, refine=-1)


def test_what_is_cut_out_of_a_picture() -> None:
    domain = with_encoder()
    ramp = np.zeros((60, 100, 3), np.uint8)
    ramp[:, :, 0] = np.arange(100)
    picture = Image.fromarray(ramp)
    middle = np.asarray(cut_middle(picture))
    assert middle.shape == (60, 60, 3)
    assert (middle[0, 0, 0], middle[0, -1, 0]) == (20, 79)
    assert crop_for(picture, domain, align=False).size == (64, 64)
    own = Image.fromarray(np.full((64, 64, 3), 9, np.uint8))
    assert crop_for(own, domain) is not None  # of the domain's own size: no face is looked for
    cats = copy.copy(domain)
    cats.spec = replace(domain.spec, neutral="cat")
    assert crop_for(picture, cats).size == (64, 64)  # nor where no people are shown


def test_a_choice_without_effect_is_refused() -> None:
    domain = with_encoder()
    photo, own = np.zeros((90, 70, 3), np.uint8), np.zeros((64, 64, 3), np.uint8)
    with pytest.raises(
        DeltaEditError, match="face is 1, but faces are not searched for: align=False"
    ):
        invert(photo, domain, align=False, face=1)
    with pytest.raises(DeltaEditError, match="face is largest, but faces are not searched"):
        invert(photo, domain, align=False, face="largest")
    with pytest.raises(DeltaEditError, match="own size"):
        invert(own, domain, face=0)
    cats = copy.copy(domain)
    cats.spec = replace(domain.spec, neutral="cat")
    with pytest.raises(DeltaEditError, match="no people"):
        invert(photo, cats, face=0)
    assert invert(own, domain, face="largest", progress=False).steps == 0  # asks for nothing


def test_the_range_that_a_photo_was_taken_for_is_noted(tmp_path: Path) -> None:
    domain = with_encoder()
    values = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (64, 1))
    values[0, 0] = 1.02
    Image.fromarray(values).save(tmp_path / "me.tif")
    inversion = invert(tmp_path / "me.tif", domain)
    assert "[0, 1]" in inversion.note
    assert "1 of 4,096" in str(inversion)
    assert abs(float(inversion.photo.mean())) < 0.02
    assert "[0, 1]" in invert((tmp_path / "me.tif").read_bytes(), domain).note
    texts = PngInfo()
    texts.add_text(RANGE, "words of a stranger")
    Image.new("RGB", (64, 64)).save(tmp_path / "me.png", pnginfo=texts)
    assert "stranger" not in invert(tmp_path / "me.png", domain).note


def test_the_callers_random_numbers_are_left_alone() -> None:
    """Also by the first use of the networks, which start at random before their weights come."""
    domain, photo = load_domain("toyfaces"), np.zeros((128, 128, 3), np.uint8)
    state = torch.get_rng_state()
    invert(photo, domain, refine=1, progress=False)
    assert "inversion" in vars(domain)  # loaded by this very call
    assert "identity" in vars(domain)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_the_notebooks_default_precision_changes_nothing(dtype: torch.dtype) -> None:
    photo = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    wanted = invert(photo, with_encoder(identity=True), refine=2, progress=False)
    torch.set_default_dtype(dtype)
    try:
        found = invert(photo, with_encoder(identity=True), refine=2, progress=False)
        assert torch.get_default_dtype() == dtype
    finally:
        torch.set_default_dtype(torch.float32)
    torch.testing.assert_close(found.faces.w_plus, wanted.faces.w_plus)
    assert found.fidelity == wanted.fidelity


def test_renders_that_nobody_saw_come_back(toyfaces: Domain, renders: torch.Tensor) -> None:
    inversion = invert(renders[0], toyfaces)
    assert inversion.fidelity.psnr > 22  # benchmarks/toyfaces_inversion.py reports many
    assert inversion.fidelity.identity is not None
    assert inversion.fidelity.identity > 0.8
    assert inversion.note == ""
    assert toyfaces.read_factors is not None
    read, drawn = (toyfaces.read_factors(p) for p in (inversion.faces.images, renders[:1]))
    assert float((read - drawn).abs().mean()) < 0.1


@pytest.mark.slow
@pytest.mark.skipif(
    find_spec("dlib") is None or find_spec("face_recognition_models") is None,
    reason="the extra [photos] is not installed",
)
def test_a_real_photo_becomes_a_toy_and_says_so(toyfaces: Domain) -> None:
    from skimage.data import astronaut

    inversion = invert(astronaut(), toyfaces)
    assert inversion.note == JOKE
    assert inversion.faces.images.isfinite().all()
    assert inversion.fidelity.psnr < 20
    found = inversion.faces.w_plus[:, 0]
    everybody = many_w(toyfaces)
    assert (found >= everybody.amin(0) - 0.5).all()
    assert (found <= everybody.amax(0) + 0.5).all()


@pytest.mark.slow
def test_the_terminal_edits_a_photo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(loading, "load_domain", lambda name, device="cpu": with_encoder())
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.full((90, 70, 3), 120, np.uint8)).save("me.jpg")
    common = ("edit", "an old face", "--domain", "tiny", "--photo", "me.jpg")
    assert cli.main((*common, "--no-align", "--refine", "2")) == 0
    printed = capsys.readouterr().out
    assert "invert me.jpg" in printed
    assert "refined, 2 steps: PSNR" in printed
    assert "saved figures/photo_edit.png" in printed
    assert "codes" in read_recipe("figures/photo_edit.png")["faces"]
    # What is asked for counts, also where another edit would have gone.
    chosen = ("--no-align", "--out", "figures/first_edit.png")
    assert cli.main((*common, *chosen)) == 0
    assert "saved figures/first_edit.png" in capsys.readouterr().out
    long = ("edit", "old " * 90, *common[2:], "--no-align", "--refine", "2")
    assert cli.main(long) == 2
    printed = capsys.readouterr()
    assert "shorten it" in printed.err
    assert "invert" not in printed.out
    assert cli.main(("edit", "an old face", "--domain", "tiny", "--face", "1")) == 2
    assert "add --photo FILE" in capsys.readouterr().err
    assert cli.main((*common[:-1], "nobody.jpg")) == 2
    assert "does not exist" in capsys.readouterr().err
