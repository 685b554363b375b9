"""A person's hand at a studio panel: reads, writes, drags, presses, and waits for what is shown.

`Hand` has a mouse, `Finger` a screen to touch; all else is the same.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

# Number field, slider and the line under the pictures agree on another value than the old one.
AGREED = """([panel, field, handle, old]) => {
  const value = Number(field.value), shown = Number(handle.getAttribute("aria-valuetext"));
  if (Math.abs(value - Number(old)) < 1e-6 || Math.abs(value - shown) > 1e-6) return null;
  const said = (value < 0 ? "" : "+") + value.toFixed(2);
  const lines = [...panel.querySelectorAll("[role=status]")];
  return lines.some(line => line.textContent.includes(said)) ? field.value : null;
}"""
# Of the upper picture, the right-hand part is cut off.
WIPED = """([slider, number, over, place]) => {
  const cut = Number(getComputedStyle(over).clipPath.match(/inset\\(0(?:px|%)? ([\\d.]+)%/)?.[1]);
  const said = [Number(slider.getAttribute("aria-valuetext")), Number(number.value), 1 - cut / 100];
  return said.every(one => Math.abs(one - place) < 0.006);
}"""


class Hand:
    """A person at one panel, with a mouse."""

    misses = 0  # pixels that it begins beside the middle of a handle

    def __init__(self, page: Any, panel: Any) -> None:
        self.page, self.panel = page, panel
        self.picture = panel.get_by_role("img", name="before on the left")
        said = re.compile("may move|no sentence is in use")  # saved files have a line of their own
        self.status = panel.get_by_role("status").filter(has_text=said)
        self.strength = panel.get_by_role("spinbutton", name="Strength of sentence 1")
        self.picture.wait_for()

    def shown(self) -> str:
        return self.picture.get_attribute("src")

    def says(self, text: str) -> None:
        """Wait until the line under the pictures holds this text."""
        self.status.get_by_text(text).wait_for()

    def changes_from(self, old: str) -> None:
        """Wait until another picture is shown."""
        self.panel.locator(f"img[src='{old}']").wait_for(state="detached")

    def write(self, text: str) -> None:
        self.panel.get_by_label("Text of sentence 1").fill(text)
        self.page.keyboard.press("Enter")
        self.says(text)

    def type_strength(self, value: str) -> None:
        self.strength.fill(value)
        self.page.keyboard.press("Enter")

    def drag_strength(self, pixels: int) -> float:
        """Drag the slider of the first sentence by so many pixels; returns its new strength."""
        old = self.strength.input_value()
        handle = self.drag("Strength of sentence 1, slider", pixels)
        parts = [one.element_handle() for one in (self.panel, self.strength, handle)]
        return float(self.page.wait_for_function(AGREED, arg=[*parts, old]).json_value())

    def drag(self, slider: str, pixels: int) -> Any:
        """Drag the handle of a slider by so many pixels; the handle."""
        handle = self.panel.get_by_role("slider", name=slider, exact=True)
        handle.scroll_into_view_if_needed()
        box = handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.stroke((x + self.misses, y + self.misses), pixels, 0)
        return handle

    def stroke(self, start: tuple[float, float], right: float, down: float) -> None:
        """Press at `start`, move by so many pixels, let go."""
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(start[0] + right, start[1] + down, steps=12)
        self.page.mouse.up()

    def undo_to(self, strength: float) -> None:
        """Undo until the first sentence has this strength: a hand that pauses makes more steps."""
        for _ in range(13):
            old = self.status.inner_text()
            self.press("Undo")
            self.status.filter(has_not_text=old).wait_for()
            if float(self.strength.input_value()) == strength:
                self.says(f"{strength:+.2f}")
                return
        raise AssertionError(f"{strength} was lost")

    def seen(self) -> bytes:
        """The pixels of before and after as they stand on the screen."""
        return self.panel.locator(".de-wiped").screenshot()

    def wiped_to(self, place: float) -> Any:
        """Wait until slider, number field and cut of the picture agree on this place."""
        wipe = self.panel.get_by_role("slider", name="Wipe, slider", exact=True)
        number = self.panel.get_by_role("spinbutton", name="Wipe")
        over = self.panel.locator(".de-wiped img").nth(1)
        parts = [one.element_handle() for one in (wipe, number, over)]
        return self.page.wait_for_function(WIPED, arg=[*parts, place]).json_value()

    def press(self, name: str) -> None:
        self.panel.get_by_role("button", name=name, exact=True).click()

    def upload(self, button: str, name: str, kind: str, content: bytes) -> None:
        with self.page.expect_file_chooser() as chooser:
            self.panel.get_by_role("button", name=button).click()
        chooser.value.set_files({"name": name, "mimeType": kind, "buffer": content})

    def download(self) -> bytes:
        """Click the link to what was saved; its bytes."""
        with self.page.expect_download() as download:
            self.panel.get_by_role("link", name="download").click()
        return Path(download.value.path()).read_bytes()


class Finger(Hand):
    """A person at one panel, who touches it."""

    misses = 12

    def stroke(self, start: tuple[float, float], right: float, down: float) -> None:
        """Touch at `start`, move by so many pixels, let go."""
        session = self.page.context.new_cdp_session(self.page)
        for k in range(13):
            place = {"x": start[0] + right * k / 12, "y": start[1] + down * k / 12}
            kind = "touchMove" if k else "touchStart"
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [place]})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        session.detach()
