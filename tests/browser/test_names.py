"""What a screen reader hears of controls and pictures: the rule that the site is held to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.names import nameless

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_rule_finds_what_has_no_name(browser: Any) -> None:
    page = browser.new_page()
    page.set_content(
        "<button>3</button><input type=range><img src=x><select></select><button>Go</button>"
        "<button aria-label='Edit face 3'>3</button><label>Name <input></label>"
    )
    assert nameless(page.locator("body")) == ['button "3"', 'slider ""', 'img ""', 'combobox ""']
    page.close()
