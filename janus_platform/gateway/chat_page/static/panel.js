// The side panel: the conversations that this browser keeps, to open, export, import and delete.

import { ConversationError, titleOf } from "./conversation.js";
import { $, element, remembered } from "./dom.js";
import { StoreError, load, onOtherTab, remove, save, titles } from "./store.js";

const wide = matchMedia("(min-width: 64rem)");
const panel = $("panel");

// Only who exports or imports needs it.
const transfer = () => import("./transfer.js").catch(() => {
  throw new StoreError("The gateway cannot be reached. Start it with `janus up`, then try again.");
});

/** Whether conversations are kept; the reader may switch it off. */
const isKeeping = () => !$("private").checked;

/** The panel. `parts`: `current()` the conversation on the screen, `open(conversation)`, `begin()` a new one. */
export class Panel {
  #parts;
  #deleted = null; // The conversation that was deleted last, for Undo.
  #saving = Promise.resolve();
  #isSaved = true;

  constructor(parts) {
    this.#parts = parts;
    $("open-panel").addEventListener("click", () => {
      if (panel.open) panel.close();
      else this.#open();
      if (panel.open && wide.matches) remembered("localStorage", "janus.panel", "open");
    });
    panel.addEventListener("close", () => {
      if (panel.open) return; // Opened again in the other way, as the window has another width.
      if (wide.matches) remembered("localStorage", "janus.panel", "closed");
      $("open-panel").setAttribute("aria-expanded", "false");
      $("page-told").append($("told"));
    });
    wide.addEventListener("change", () => { if (panel.open) { panel.close(); this.#open(); } });
    $("private").checked = remembered("localStorage", "janus.keep") === "no";
    $("private").addEventListener("change", () => this.#switch());
    $("export-all").addEventListener("click", () => this.#exportAll());
    $("import").addEventListener("click", () => $("import-file").click());
    $("import-file").addEventListener("change", () => this.#import());
    $("delete-all").addEventListener("click", () => $("sure").showModal());
    $("sure-delete").addEventListener("click", () => this.#deleteAll());
    onOtherTab(({ deleted }) => {
      if (deleted?.includes(parts.current().id)) this.tell("This conversation was deleted in another tab. It will be saved again if you continue it.");
      this.list();
    });
  }

  /** Lists what is kept, opens the panel where there is room for it, and returns the conversation that this tab had open. */
  async start() {
    const count = await this.list();
    const wish = remembered("localStorage", "janus.panel");
    if (wide.matches && (wish ? wish === "open" : count > 0)) {
      this.#open();
      $("question").focus(); // A dialog takes the focus when it opens.
    }
    const id = remembered("sessionStorage", "janus.open");
    return id ? this.#try(() => load(id)) : null;
  }

  /** Keeps a conversation, unless the reader wants none kept; one write after the other. */
  keep(conversation) {
    if (!isKeeping()) return;
    this.#saving = this.#saving.then(() => this.#try(async () => {
      this.#isSaved = false;
      const isCopy = await save(conversation);
      this.#isSaved = true;
      if (isCopy) this.tell("Another tab has changed this conversation too. From here on, this one is saved as a separate conversation.");
      this.opened();
      await this.list();
    }));
  }

  /** Whether closing the page would lose what is on it. */
  get wouldLose() {
    return this.#parts.current().turns.length > 0 && !(isKeeping() && this.#isSaved);
  }

  /** Remembers for a reload which conversation this tab shows. */
  opened() {
    const { id, revision } = this.#parts.current();
    remembered("sessionStorage", "janus.open", isKeeping() && revision ? id : null);
  }

  /** Says something to the reader, by sight and by ear. */
  tell(text, ...more) {
    $(panel.matches(":modal") ? "panel-told" : "page-told").append($("told"));
    $("told").hidden = !text;
    $("told").replaceChildren(text, ...more);
  }

  /** Draws the list anew; returns how many there are. */
  async list() {
    const kept = (await this.#try(titles)) ?? [];
    const current = this.#parts.current().id;
    const focused = document.activeElement?.closest?.("#kept li")?.dataset.id;
    $("kept").replaceChildren(...kept.map((one) => this.#item(one, one.id === current)));
    $("none-kept").hidden = kept.length > 0;
    for (const id of ["export-all", "delete-all"]) $(id).disabled = !kept.length;
    $("sure-count").textContent = kept.length === 1 ? "the one conversation" : `all ${kept.length} conversations`;
    if (focused) $("kept").querySelector(`[data-id="${focused}"] button`)?.focus();
    return kept.length;
  }

  #open() {
    if (wide.matches) {
      panel.show();
    } else {
      panel.showModal();
    }
    $("open-panel").setAttribute("aria-expanded", "true");
  }

  #item({ id, title, updated }, isCurrent) {
    const day = new Date(updated).toLocaleDateString(undefined, { day: "numeric", month: "short", year: "numeric" });
    const name = element("button", { type: "button", className: "kept-title" }, element("bdi", {}, title), element("small", {}, day));
    if (isCurrent) name.setAttribute("aria-current", "true");
    name.addEventListener("click", () => this.#openKept(id));
    const button = (text, act) => {
      const made = element("button", { type: "button", "aria-label": `${text}: ${title}` }, text);
      made.addEventListener("click", () => act(id));
      return made;
    };
    const exports = isCurrent ? [button("Markdown", () => this.#export(id, "md")), button("JSON", () => this.#export(id, "json"))] : [];
    return element("li", { "data-id": id }, name, element("div", { className: "foot" }, exports, button("Delete", () => this.#delete(id))));
  }

  async #openKept(id) {
    const found = await this.#try(() => load(id));
    if (found) this.#parts.open(found);
    else await this.list();
    if (found && !wide.matches) panel.close();
  }

  async #export(id, suffix) {
    await this.#saving;
    await this.#try(async () => {
      const found = await load(id);
      if (!found) return;
      const { asJson, asMarkdown, download, fileName } = await transfer();
      const isJson = suffix === "json";
      download(isJson ? asJson([found]) : asMarkdown(found), fileName(titleOf(found), suffix), isJson ? "application/json" : "text/markdown");
    });
  }

  async #exportAll() {
    await this.#try(async () => {
      const { asJson, download } = await transfer();
      const kept = await titles();
      const found = [];
      for (const { id } of kept) found.push(await load(id).catch(() => null));
      download(asJson(found.filter(Boolean)), "janus-chat.json", "application/json");
    });
  }

  async #import() {
    const [file] = $("import-file").files;
    $("import-file").value = "";
    if (!file) return;
    await this.#try(async () => {
      const found = await (await transfer()).readFile(file);
      for (const one of found) await save(one);
      this.tell(found.length === 1 ? "One conversation was imported." : `${found.length} conversations were imported.`);
    });
    await this.list();
  }

  async #delete(id) {
    await this.#saving;
    const current = this.#parts.current().id === id;
    this.#deleted = await this.#try(() => load(id));
    await this.#try(() => remove([id]));
    if (current) this.#parts.begin();
    await this.list();
    const undo = element("button", { type: "button" }, "Undo");
    undo.addEventListener("click", async () => {
      await this.#try(() => save(Object.assign(this.#deleted, { revision: 0 })));
      this.tell("The conversation is back.");
      await this.list();
    });
    this.tell("The conversation was deleted. ", this.#deleted ? undo : "");
    if (this.#deleted) undo.focus();
  }

  async #deleteAll() {
    await this.#saving;
    await this.#try(async () => remove((await titles()).map(({ id }) => id)));
    $("sure").close();
    this.#parts.begin();
    this.tell("All conversations were deleted.");
    await this.list();
  }

  async #switch() {
    remembered("localStorage", "janus.keep", isKeeping() ? null : "no");
    const current = this.#parts.current();
    await this.#saving;
    if (isKeeping()) {
      if (current.turns.length) this.keep(current);
    } else if (current.revision) {
      await this.#try(() => remove([current.id]));
      current.revision = 0;
    }
    this.opened();
    await this.list();
    this.tell(isKeeping() ? "Conversations are saved in this browser." : "This conversation is not saved: closing or reloading the page deletes it.");
  }

  /** What `work` returns; where the browser keeps nothing, or a file holds nothing, the reader is told and it is null. */
  async #try(work) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StoreError || error instanceof ConversationError)) console.error(error);
      this.tell(error.message);
      return null;
    }
  }
}
