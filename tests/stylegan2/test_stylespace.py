"""s splits into groups, and back."""

import pytest
import torch

from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.support.errors import DeltaEditError

FACES = StyleLayout((512,) * 10 + (256, 256, 128, 128, 64, 64, 32))
TOY = StyleLayout((128,) * 8 + (64, 64, 32))
OF_32_PX = StyleLayout((8,) * 7)
UNEVEN = StyleLayout((8, 8, 6, 6, 4, 4, 3, 3, 2))  # of 64 px, halved from size to size


@pytest.mark.parametrize(
    ("layout", "total", "fine"), [(FACES, 6048, 6048 - 7 * 512), (TOY, 1184, 288)]
)
def test_widths(layout: StyleLayout, total: int, fine: int) -> None:
    assert (layout.total, layout.fine_width) == (total, fine)
    assert layout.slices[0].start == 0
    assert layout.slices[-1].stop == total
    assert len(layout.layer_of_channel) == total


def test_the_published_group_borders() -> None:
    """The reference reads s[:, :3*512], s[:, 3*512:7*512] and s[:, 7*512:]."""
    s = torch.arange(6048.0).expand(2, -1)
    coarse, medium, fine = FACES.groups(s)
    assert torch.equal(coarse, s[:, :1536].view(2, 3, 512))
    assert torch.equal(medium, s[:, 1536:3584].view(2, 4, 512))
    assert torch.equal(fine, s[:, 3584:])


def test_32_px_give_their_last_side_to_the_fine_group() -> None:
    coarse, medium, fine = OF_32_PX.groups(torch.arange(56.0)[None])
    assert [coarse.shape[1], medium.shape[1], fine.shape[1]] == [3, 2, 16]
    assert fine[0, 0] == 40


@pytest.mark.parametrize("layout", [TOY, OF_32_PX, UNEVEN])
def test_groups_come_back_as_they_were(layout: StyleLayout) -> None:
    s = torch.randn(3, layout.total)
    assert torch.equal(layout.ungroup(*layout.groups(s)), s)
    parts = (part.flatten(1) for part in layout.groups(s))
    slices = layout.group_slices.values()
    for group, part in zip(parts, slices, strict=True):  # zeros between them, nothing else
        torch.testing.assert_close(group.sum(1), s[:, part].sum(1))


def test_narrow_layers_are_tokens_filled_up_with_zeros() -> None:
    s = torch.randn(2, UNEVEN.total)
    coarse, medium, _ = UNEVEN.groups(s)
    assert (coarse.shape, medium.shape) == ((2, 3, 8), (2, 4, 8))
    for k, layer in enumerate(s.split(UNEVEN.widths, dim=1)[:7]):
        token = torch.cat((coarse, medium), dim=1)[:, k]
        assert torch.equal(token[:, : layer.shape[1]], layer)
        assert not token[:, layer.shape[1] :].any()


def test_slices_and_layers_of_channels_tell_the_same() -> None:
    for layer, part in enumerate(TOY.slices):
        assert (TOY.layer_of_channel[part] == layer).all()
        assert part.stop - part.start == TOY.widths[layer]


def test_other_widths_are_refused() -> None:
    with pytest.raises(DeltaEditError, match=r"needs \[n, 1184\]"):
        TOY.groups(torch.randn(2, 6048))


@pytest.mark.parametrize(
    ("widths", "cause"),
    [
        ((8,) * 5, "at least 32 px"),
        ((8,) * 7 + (0,), "empty"),
        ((), "empty"),
    ],
)
def test_layouts_that_the_mapper_cannot_read_are_refused(
    widths: tuple[int, ...], cause: str
) -> None:
    with pytest.raises(DeltaEditError, match=cause):
        StyleLayout(widths)


def test_a_layer_belongs_to_the_group_whose_channels_hold_it() -> None:
    layout = StyleLayout((4,) * 7 + (3, 2))
    assert [layout.group_of(k) for k in range(9)] == ["coarse"] * 3 + ["medium"] * 4 + ["fine"] * 2
    for layer, part in enumerate(layout.slices):
        group = layout.group_slices[layout.group_of(layer)]
        assert group.start <= part.start < part.stop <= group.stop
