// What the figures that a reader moves share: making elements, reading the figure's data, and a switch to slow motion.
"use strict";

const Interactive = {
    /** An element with attributes and children. Text stays text: nothing here is parsed as HTML. */
    element(tag, attributes = {}, ...children) {
        const made = document.createElement(tag);
        for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
        made.append(...children);
        return made;
    },

    /** An element of a drawing. */
    shape(tag, attributes = {}, ...children) {
        const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
        for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
        made.append(...children);
        return made;
    },

    button(label, onClick, attributes = {}) {
        const made = Interactive.element("button", { type: "button", ...attributes }, label);
        made.addEventListener("click", onClick);
        return made;
    },

    /** Whether the reader asked the system for less motion. */
    calm: () => matchMedia("(prefers-reduced-motion: reduce)").matches,

    /** Give each figure of that name to `mount`, with the data that the page holds for it and the place to draw in. */
    mount(name, mount) {
        for (const figure of document.querySelectorAll(`[data-interactive=${name}]`)) {
            const data = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
            mount(data, figure.querySelector(".ia-stage"));
        }
    },
};
