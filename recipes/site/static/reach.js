// Code that is wider than its box can be scrolled by keyboard: the box takes the focus.
for (const box of document.querySelectorAll("pre, .text_html, math[display=block], .table-wrapper")) {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
}
