"""How the panel looks: no colour of its own for text, so that it is readable in any theme.

Lines and fills are half-transparent grey, which stands out on white and on black; what is chosen or
wrong is said by a mark or a word as well. Where two columns find no room, the controls stand
between the pictures and the tables, so that a hand on a slider has its picture in sight. The room
of the panel decides (a container query), for a notebook is narrower than its window. `.de-quiet`
hides a label from the eye, but not from a screen reader.
"""

CSS = """
.de-studio { width: 100%; max-width: 1000px; container-type: inline-size; }
.de-studio .de-columns { display: grid; grid-template: "controls view" auto "controls tables" 1fr
  / 440px minmax(0, 492px); gap: 0 16px; align-items: start; overflow: visible; }
.de-studio .de-screen { display: contents; }
.de-studio .de-view { grid-area: view; }
.de-studio .de-tables { grid-area: tables; }
.de-studio .de-controls { grid-area: controls; }
@container (max-width: 779px) {
  .de-studio .de-columns { grid-template: "view" "controls" "tables" / minmax(0, 492px); }
}
.de-studio .de-pair { display: grid; grid-template-columns: repeat(2, minmax(0, 242px)); }
.de-studio .de-film .widget-html-content { display: grid;
  grid-template-columns: repeat(6, minmax(0, 79px)); }
.de-studio h4 { margin: 10px 0 2px; font-size: 14px; font-weight: 600; }
.de-studio .de-quiet > .widget-label, .de-studio .de-quiet.widget-checkbox label > span,
.de-studio .de-quiet .de-number > .widget-label {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.de-studio .de-number > .widget-label { width: 84px; text-align: left; }
.de-studio .de-row { align-items: center; flex-wrap: wrap; overflow: visible; }
.de-studio .de-tile { width: 66px; height: 66px; padding: 0 4px; line-height: 112px;
  text-align: left; color: #fff; text-shadow: 0 0 3px #000, 0 0 3px #000;
  background-size: cover !important; border: 2px solid transparent; border-radius: 6px; }
.de-studio .de-tile.de-picked { border-color: #2f81d6; box-shadow: 0 0 0 2px rgba(47,129,214,.45); }
.de-studio button:focus-visible, .de-studio input:focus-visible, .de-studio select:focus-visible,
.de-studio .noUi-handle:focus-visible { outline: 2px solid #2f81d6; outline-offset: 1px; }
.de-studio figure { display: inline-block; margin: 0 6px 6px 0; text-align: center; }
.de-studio figcaption { font-size: 12px; opacity: .8; line-height: 1.3; }
.de-studio img { max-width: 100%; height: auto; border-radius: 6px; display: block;
  background: rgba(128,128,128,.2); }
.de-studio table { border-collapse: collapse; font-size: 12px; line-height: 1.45; }
.de-studio th, .de-studio td { padding: 1px 10px 1px 0; text-align: left; }
.de-studio th { font-weight: 600; }
.de-studio td.de-figure, .de-studio th.de-figure { text-align: right;
  font-variant-numeric: tabular-nums; }
.de-studio tr { border-bottom: 1px solid rgba(128,128,128,.25); background: none !important; }
.de-studio .de-bar { display: inline-block; height: 9px; border-radius: 2px; background: #2f81d6; }
.de-studio .de-line { line-height: 1.4; overflow-wrap: anywhere; margin: 2px 0; }
.de-studio .de-failed { font-weight: 600; border-left: 4px solid #d1592b; padding-left: 8px; }
.de-studio a { text-decoration: underline; }
"""


def style_tag(more: str = "") -> str:
    """The style sheet for an HTML widget; `more` are rules of one panel alone."""
    return f"<style>{CSS}{more}</style>"
