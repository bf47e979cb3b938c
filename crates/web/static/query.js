// Completes a query while it is typed: fields, comparisons, values. The box works as well without it.
(() => {
  "use strict";
  const MOST = 12;
  let known = null;
  let list = null;
  let chosen = -1;
  let turn = 0;

  const box = (el) => (el?.matches?.("input[data-words]") ? el : null);
  const has = (text, part) => text.toLowerCase().includes(part.toLowerCase());

  // What stands before the caret: the field, the comparison, the piece of a value; where that piece begins.
  function place(input) {
    const before = input.value.slice(0, input.selectionStart);
    if ((before.match(/(?<!\\)"/g) || []).length % 2) return null;
    const start = Math.max(before.lastIndexOf(" "), before.lastIndexOf("("), before.lastIndexOf("\u3000")) + 1;
    const word = before.slice(start);
    const parts = /^([^=!<>:"]+)(!=|<=|>=|=|<|>|:)(.*)$/u.exec(word);
    if (!parts) return { start, typed: word };
    const value = parts[3].slice(parts[3].lastIndexOf(",") + 1);
    return { name: parts[1], start: before.length - value.length, typed: value };
  }

  async function words(input) {
    if (!known || known.from !== input.dataset.words) {
      const answer = await fetch(input.dataset.words, { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) return [];
      known = { from: input.dataset.words, all: await answer.json() };
    }
    return known.all;
  }

  async function users(text) {
    const answer = await fetch("/pick/users?q=" + encodeURIComponent(text));
    if (!answer.ok || answer.redirected) return [];
    const { items } = await answer.json();
    return items.map((one) => ({ put: one.value, text: one.value, note: one.text }));
  }

  async function suggestions(input) {
    const at = place(input);
    if (!at) return { at, found: [] };
    const all = await words(input);
    if (at.name === undefined) {
      if (!at.typed) return { at, found: [] };
      const named = all.filter((one) => has(one.name, at.typed) || has(one.label, at.typed));
      return { at, found: named.map((one) => ({ put: one.name + one.operators[0], text: one.label, note: one.name + " " + one.operators.join(" ") })) };
    }
    const field = all.find((one) => one.name === at.name || one.label === at.name);
    if (!field) return { at, found: [] };
    const fits = field.words.filter((word) => has(word, at.typed) && word !== at.typed);
    const found = fits.map((word) => ({ put: word, text: word, note: "" }));
    return { at, found: field.users ? found.concat(await users(at.typed)) : found };
  }

  function close(input) {
    list?.remove();
    list = null;
    chosen = -1;
    input?.removeAttribute("aria-activedescendant");
    input?.setAttribute("aria-expanded", "false");
  }

  function take(input, at, put) {
    const after = input.value.slice(input.selectionStart);
    const end = /[=!<>:]$/.test(put) ? "" : " ";
    input.value = input.value.slice(0, at.start) + put + (after.startsWith(" ") ? "" : end) + after;
    const caret = at.start + put.length + end.length;
    input.setSelectionRange(caret, caret);
    close(input);
    show(input);
  }

  async function show(input) {
    const mine = ++turn;
    const { at, found } = await suggestions(input).catch(() => ({ found: [] }));
    if (mine !== turn || document.activeElement !== input) return;
    close(input);
    if (!found.length) return;
    list = document.createElement("ul");
    list.className = "suggested";
    list.id = "suggested";
    list.setAttribute("role", "listbox");
    found.slice(0, MOST).forEach((one, index) => {
      const item = document.createElement("li");
      item.id = "suggested-" + index;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      item.append(Object.assign(document.createElement("span"), { textContent: one.text }));
      item.append(Object.assign(document.createElement("small"), { textContent: one.note }));
      item.take = () => take(input, at, one.put);
      item.addEventListener("mousedown", (event) => {
        event.preventDefault();
        item.take();
      });
      list.append(item);
    });
    input.parentElement.append(list);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-controls", "suggested");
    input.setAttribute("aria-expanded", "true");
  }

  function choose(input, index) {
    const items = [...list.children];
    chosen = (index + items.length) % items.length;
    items.forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
    items[chosen].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", items[chosen].id);
  }

  document.addEventListener("input", (event) => box(event.target) && show(event.target));
  document.addEventListener("focusout", (event) => box(event.target) && (turn++, close(event.target)));
  document.addEventListener("keydown", (event) => {
    const input = box(event.target);
    if (!input || !list) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(input, event.key === "ArrowDown" ? chosen + 1 : chosen < 0 ? -1 : chosen - 1);
    } else if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0) {
      event.preventDefault();
      list.children[chosen].take();
    } else if (event.key === "Escape") {
      event.preventDefault();
      close(input);
    }
  });
})();
