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

// Escape closes a drawer or the search: the focus goes back to where it was, not to the top of the page.
let before = null;
let escaped = false;
document.addEventListener("focusin", event => {
    if (!event.target.closest("dialog")) before = event.target;
});
for (const kind of ["keydown", "pointerdown"]) {
    window.addEventListener(kind, event => (escaped = event.key === "Escape"), true);
}
document.addEventListener(
    "close",
    () => {
        const back = before;
        if (escaped) setTimeout(() => back?.focus({ preventScroll: true }));
    },
    true,
);

// A finger cannot hover: the first tap on a term shows its entry, the second follows the link.
let pointer = "";
let tapped = null;
document.addEventListener("pointerdown", event => (pointer = event.pointerType), true);
document.addEventListener("click", event => {
    const term = event.target.closest(".term-hint > a");
    if (term && term !== tapped && pointer === "touch" && event.detail > 0) {
        event.preventDefault();
        term.focus();
    }
    tapped = term;
});

// The search page cuts its excerpts from the pages' text: without the hints, which nobody reads inside a sentence.
document.addEventListener("DOMContentLoaded", () => {
    if (typeof Search === "undefined") return;
    const toText = Search.htmlToText;
    Search.htmlToText = (page, anchor) => {
        const parsed = new DOMParser().parseFromString(page, "text/html");
        for (const hint of parsed.querySelectorAll("[role=tooltip]")) hint.remove();
        return toText(parsed.documentElement.outerHTML, anchor);
    };
});
