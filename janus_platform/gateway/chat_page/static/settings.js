// What the reader sets: light or dark, the system prompt, the key of the gateway.

import { $, remembered } from "./dom.js";

const dark = matchMedia("(prefers-color-scheme: dark)");

/** The key that the gateway wants, kept in this tab until it is closed. */
export const key = () => $("key").value;

export function wantKey() {
  $("key-row").hidden = false;
  $("key").focus();
}

/** The system prompt of new conversations. */
export const systemPrompt = () => remembered("localStorage", "janus.system") ?? "";

/** Shows the system prompt of the conversation in the settings and, where there is one, above the question. */
export function showSystemPrompt(text) {
  $("system").value = text;
  $("system-note").hidden = !text.trim();
  $("system-text").textContent = text.trim().slice(0, 120);
}

function paint() {
  const chosen = $("theme").value;
  document.documentElement.dataset.theme = chosen || (dark.matches ? "dark" : "light");
}

/** Sets the page up; `changed` is called with a new key, `prompted` with another system prompt. */
export function startSettings({ changed, prompted }) {
  const theme = remembered("localStorage", "janus.theme");
  $("theme").value = theme === "dark" || theme === "light" ? theme : "";
  paint();
  dark.addEventListener("change", paint);
  $("theme").addEventListener("change", () => {
    remembered("localStorage", "janus.theme", $("theme").value || null);
    paint();
  });
  $("system").addEventListener("change", () => {
    const text = $("system").value;
    remembered("localStorage", "janus.system", text.trim() ? text : null);
    showSystemPrompt(text);
    prompted(text);
  });
  $("key").value = remembered("sessionStorage", "janus.key") ?? "";
  $("key-row").hidden = !$("key").value;
  $("key").addEventListener("change", () => {
    remembered("sessionStorage", "janus.key", $("key").value);
    changed();
  });
  for (const id of ["open-settings", "system-note"]) $(id).addEventListener("click", () => $("settings").showModal());
  // A click beside the box closes it, as its button and Esc do.
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", ({ target, clientX, clientY }) => {
      const { left, right, top, bottom } = dialog.getBoundingClientRect();
      const isBeside = target === dialog && (clientX < left || clientX > right || clientY < top || clientY > bottom);
      if (isBeside || target.closest(".close")) dialog.close();
    });
  }
}
