// Paper is white: while a page prints, the dark theme gives way to the light one.
const paper = matchMedia("print");
const root = document.documentElement;
let screenTheme = null;

function follow() {
    if (paper.matches && screenTheme === null) {
        screenTheme = root.dataset.theme;
        root.dataset.theme = "light";
    } else if (!paper.matches && screenTheme !== null) {
        root.dataset.theme = screenTheme;
        screenTheme = null;
    }
}

paper.addEventListener("change", follow);
