"""What axe-core finds on a page: WCAG 2.2 at levels A and AA, one line a finding."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def findings(
    page: Any,
    within: str | None = None,
    but: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
) -> list[str]:
    """Rule, and the elements that break it, in `within` (a selector) or on the whole page.

    `but` names rules that are not ours to keep, such as those of the page around a panel; `only`
    those to look at, where the others were looked at before.
    """
    chosen = {"type": "rule", "values": only} if only else {"type": "tag", "values": LEVELS}
    options = {
        "runOnly": chosen,
        "rules": {rule: {"enabled": False} for rule in but},
        "resultTypes": ["violations"],
    }
    result = Axe().run(page, context=within, options=options).response
    return [
        f"{found['id']}: {node['target'][-1]} {node['html'][:120]} {node['failureSummary'][:200]}"
        for found in result["violations"]
        for node in found["nodes"]
    ]
