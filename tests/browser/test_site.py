"""The site in a real browser: axe-core finds nothing, nothing is too wide, sliders work."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.browser.axe import findings
from tests.browser.names import nameless

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = (
    "index",
    "notebooks/00_quickstart",
    "notebooks/03_train_the_mapper",
    "notebooks/06_metrics_and_baselines",
    "reference/kit",
    "gallery",
    "docs/glossary",
    "docs/architecture",
    "cite",
    "search",
)
WIDTHS = (360, 900, 1400)


def test_axe_finds_nothing_and_no_page_is_too_wide(browser: Any, site: Path) -> None:
    found = []
    for width in WIDTHS:
        context = browser.new_context(viewport={"width": width, "height": 900})
        page = context.new_page()
        for name in PAGES:
            page.goto((site / f"{name}.html").as_uri())
            # Pictures are axe-core's: the theme's icons are pictures without a name to a browser.
            silent = [one for one in nameless(page.locator("body")) if not one.startswith("img")]
            found += [f"{name}, {width} px: {line}" for line in findings(page) + silent]
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        context.close()
    assert not found


def test_the_dark_pages_have_contrast(browser: Any, site: Path) -> None:
    """All else that axe looks at is the same in the light."""
    found = []
    for width in WIDTHS:
        context = browser.new_context(color_scheme="dark", viewport={"width": width, "height": 900})
        page = context.new_page()
        for name in PAGES:
            page.goto((site / f"{name}.html").as_uri())
            lines = findings(page, only=("color-contrast",))
            found += [f"{name}, {width} px: {line}" for line in lines]
        assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        context.close()
    assert not found


def test_a_slider_walks_through_its_states_without_a_kernel(browser: Any, site: Path) -> None:
    context = browser.new_context()
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((site / "index.html").as_uri())
    walk = page.locator("figure.walk")
    picture, slider = walk.locator("img"), walk.get_by_role("slider", name="Strength")
    first, words = picture.get_attribute("src"), picture.get_attribute("alt")
    slider.press("Home")
    assert picture.get_attribute("src") != first
    assert picture.get_attribute("alt") != words
    page.wait_for_function("image => image.naturalWidth > 100", arg=picture.element_handle())
    assert walk.locator("output").inner_text() in (slider.get_attribute("aria-valuetext") or "")
    assert not errors
    context.close()


def test_words_over_an_arrow_run_into_nothing(browser: Any) -> None:
    mathml = pytest.importorskip("recipes.site.mathml", reason="the extra `site` is not installed")
    page = browser.new_page()
    words = r"z \xrightarrow{\text{mapping}} w \xrightarrow{\text{repeat}} v"
    page.set_content(mathml.to_mathml(words))
    spans = page.locator("mi, mtext").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect()).map(box => [box.left, box.right])"
    )
    assert len(spans) == 5
    assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))
    page.close()
