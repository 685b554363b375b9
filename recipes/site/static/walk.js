// A slider that shows one of several pictures made beforehand, with its words.
for (const figure of document.querySelectorAll("figure.walk")) {
  const states = JSON.parse(figure.dataset.states);
  const picture = figure.querySelector("img");
  const slider = figure.querySelector("input");
  const value = figure.querySelector("output");
  const words = figure.querySelector("p.words");
  const fetchAll = () => { for (const state of states) new Image().src = state.picture; };
  for (const event of ["focus", "pointerenter"]) slider.addEventListener(event, fetchAll, { once: true });
  slider.addEventListener("input", () => {
    const state = states[slider.value];
    picture.src = state.picture;
    picture.alt = state.words;
    value.textContent = state.value;
    words.textContent = state.words;
    slider.setAttribute("aria-valuetext", `${state.value}. ${state.words}`);
  });
}
