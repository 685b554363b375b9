"""Clouds and the rules that make differences of them, on rows one can do by hand."""

from __future__ import annotations

import numpy as np
import pytest

from deltaedit_kit.labs.delta_space.clouds import Cloud, from_neutral, nearest_pairs, random_pairs
from deltaedit_kit.labs.delta_space.clouds.cloud import difference
from deltaedit_kit.support.errors import DeltaEditError


def cloud(n: int = 6, name: str = "six") -> Cloud:
    """Picture k is (k², 1), text k is (1, k); thumbnail k is grey of level k."""
    k = np.arange(n)
    thumbnails = np.broadcast_to(k[:, None, None, None], (n, 2, 2, 3)).astype(np.uint8)
    pictures = np.stack((np.cos(k * k / 40), np.sin(k * k / 40)), axis=1)
    texts = np.stack((np.ones(n), k), axis=1)
    captions = tuple(f"face {row}" for row in k)
    return Cloud(name, pictures, texts, captions, thumbnails, {"number": k})


def test_random_pairs_are_differences_of_rows_with_all_that_belongs_to_them() -> None:
    raw, delta = random_pairs(cloud(), seed=3)
    starts = [int(caption.split()[1]) for caption in delta.captions]
    assert sorted(starts) == list(range(6))
    for row, start in enumerate(starts):
        assert start != row
        assert delta.pictures[row] == pytest.approx(raw.pictures[row] - cloud().pictures[start])
        assert delta.texts[row] == pytest.approx(raw.texts[row] - cloud().texts[start])
        assert delta.captions[row] == f"face {start} → face {row}"
        assert delta.thumbnails is not None
        assert delta.thumbnails[row, 0, :, 0].tolist() == [start, start, row, row]
    assert delta.colours["number"].tolist() == list(range(6))


def test_nearest_pairs_take_the_most_similar_picture() -> None:
    delta = nearest_pairs(cloud()).delta
    starts = [int(caption.split()[1]) for caption in delta.captions]
    assert starts == [1, 0, 1, 2, 3, 4]


def test_nearest_pairs_pass_over_a_picture_with_the_same_caption() -> None:
    base = cloud()
    texts = base.texts.copy()
    texts[1] = texts[0]
    same = Cloud("same caption", base.pictures, texts, base.captions)
    delta = nearest_pairs(same).delta
    assert delta.captions[0] == "face 2 → face 0"
    assert delta.captions[1] == "face 2 → face 1"


def test_from_neutral_subtracts_one_row_and_leaves_it_out() -> None:
    neutral = cloud().select(slice(2, 3))
    raw, delta = from_neutral(cloud(), neutral)
    assert len(raw) == len(delta) == 5
    assert delta.captions[0] == "face 2 → face 0"
    assert delta.pictures == pytest.approx(raw.pictures - neutral.pictures)


def test_rules_refuse_what_has_no_difference() -> None:
    same = Cloud("same", np.ones((3, 2)), np.ones((3, 2)), ("a", "b", "c"))
    with pytest.raises(DeltaEditError, match="no two rows of 'same' differ"):
        random_pairs(same)
    with pytest.raises(DeltaEditError, match="every row of 'six' is the neutral one"):
        from_neutral(cloud(1), cloud(1))
    with pytest.raises(DeltaEditError, match="neutral cloud has 2 rows"):
        from_neutral(cloud(), cloud(2))
    with pytest.raises(DeltaEditError, match="has one row"):
        nearest_pairs(cloud(1))
    with pytest.raises(DeltaEditError, match=r"3 differences of 'd' have no change .* row 0"):
        difference("d", same, same)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"captions": ("a",)}, "has 3 rows but 1 captions"),
        ({"colours": {"x": np.zeros(2)}}, "has 3 rows but 2 x"),
        ({"thumbnails": np.zeros((4, 2, 2, 3), np.uint8)}, "has 3 rows but 4 thumbnails"),
        ({"pictures": np.full((3, 2), np.nan)}, "NaN or infinity in 3 of 3 rows"),
        ({"texts": np.ones((2, 2))}, "do not pair up"),
    ],
)
def test_a_cloud_checks_its_rows(changes, message: str) -> None:
    parts = {
        "name": "c",
        "pictures": np.ones((3, 2)),
        "texts": np.ones((3, 2)),
        "captions": ("a", "b", "c"),
    }
    with pytest.raises(DeltaEditError, match=message):
        Cloud(**{**parts, **changes})


def test_select_keeps_order_and_everything() -> None:
    chosen = cloud().select(np.array([4, 1]))
    assert chosen.captions == ("face 4", "face 1")
    assert chosen.colours["number"].tolist() == [4, 1]
    assert chosen.pair.first.dtype == np.float64
    with pytest.raises(DeltaEditError, match="no row of cloud 'six' chosen"):
        cloud().select(np.zeros(6, dtype=bool))
