// A board's cards are moved by hand: a drop presses the trigger that leads there. Where a card may go the server says, by the
// same buttons as the item's page; without this the cards' links do the same.
(() => {
  "use strict";
  const dialog = document.getElementById("moves-dialog");
  if (!dialog) return;
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const board = () => document.getElementById("board");
  const said = document.getElementById("board-said");
  const asking = { "HX-Request": "true", "HX-Target": "moves", Accept: "text/html" };

  let keys = false;
  document.addEventListener("keydown", () => (keys = true), true);
  document.addEventListener("pointerdown", () => (keys = false), true);
  const say = (text) => {
    said.textContent = text;
    said.classList.remove("visually-hidden");
    clearTimeout(say.timer);
    say.timer = setTimeout(() => said.classList.add("visually-hidden"), 6000);
  };
  // Who is not signed in any more, or may not see it, is told by the page itself.
  const read = async (answer) => {
    if (answer.redirected || answer.status === 204 || answer.status === 401) return location.reload();
    return answer.text();
  };
  const parsed = (text) => new DOMParser().parseFromString(text ?? "", "text/html").getElementById("moves");
  const moves = async (address, trigger) => {
    const url = new URL(address, location.href);
    if (trigger) url.searchParams.set("trigger", trigger);
    return parsed(await read(await fetch(url, { headers: asking })));
  };

  const show = (fragment) => {
    if (!fragment) return say(dialog.dataset.failed);
    const made = document.importNode(fragment, true);
    dialog.querySelector("#moves").replaceWith(made);
    if (!dialog.open) dialog.showModal();
    made.dispatchEvent(new Event("drawn", { bubbles: true }));
    made.querySelector(".is-invalid, .moves-form .form-control, .moves-form select, .moves .btn")?.focus();
  };
  const failed = () => say(dialog.dataset.failed);

  // The columns as they stand now.
  const refresh = async () => {
    const answer = await fetch(location.pathname + location.search, { headers: { "HX-Request": "true", "HX-Target": "board" } });
    if (!answer.ok || answer.status === 204 || answer.redirected) return location.reload();
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("board");
    const [old, made] = [all(".board-column"), all(".board-column", fresh)];
    if (old.length !== made.length) return location.reload();
    old.forEach((column, at) => {
      const top = column.querySelector(".board-cards").scrollTop;
      column.replaceWith(document.importNode(made[at], true));
      all(".board-column")[at].querySelector(".board-cards").scrollTop = top;
    });
    document.dispatchEvent(new Event("refreshed"));
  };

  const send = async (address, form) => {
    document.body.classList.add("busy");
    try {
      const answer = await fetch(address, { method: "POST", headers: asking, body: form });
      const text = await read(answer);
      if (text === undefined) return;
      if (!answer.ok) show(parsed(text));
      else if (dialog.open) dialog.close();
      await refresh();
      if (answer.ok) say(text || dialog.dataset.done);
      // Whoever came by the keyboard goes on from where the card is now.
      const card = all(".board-card").find((one) => address.includes(`/${one.dataset.number}/moves`));
      if (keys && !dialog.open) card?.querySelector("[data-open]").focus();
    } catch {
      failed();
    } finally {
      document.body.classList.remove("busy");
    }
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-open], [data-ask], [data-close]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || (link.closest("dialog") !== dialog && !link.matches("[data-open]"))) return;
    event.preventDefault();
    if (link.matches("[data-close]")) dialog.close();
    else moves(link.href).then(show).catch(failed);
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    if (document.body.classList.contains("busy")) return;
    send(form.action, new URLSearchParams(new FormData(form, event.submitter)));
  });

  // Dragging, by mouse, pen or finger; a finger holds the card a moment first, so that it can still scroll.
  let held = null;
  const columnAt = (event) => document.elementFromPoint(event.clientX, event.clientY)?.closest(".board-column");
  const legal = (state) => (held?.moves ? all("[data-to]", held.moves).filter((one) => one.dataset.to === state) : []);

  const light = () => {
    if (!held?.on) return;
    for (const column of all(".board-column")) {
      const open = column !== held.from && legal(column.dataset.state).length > 0;
      column.classList.toggle("open", open);
      column.classList.toggle("shut", !open && column !== held.from && !!held.moves);
      column.classList.toggle("over", open && column === held.over);
    }
  };
  const follow = (event) => {
    held.at = { clientX: event.clientX, clientY: event.clientY };
    held.ghost.style.transform = `translate(${event.clientX - held.x}px, ${event.clientY - held.y}px)`;
    held.over = columnAt(event);
    light();
  };
  // Near an edge the board scrolls under the card.
  const scroll = () => {
    if (!held?.on) return;
    const [box, at] = [board().getBoundingClientRect(), held.at.clientX];
    const near = at < box.left + 48 ? -1 : at > Math.min(box.right, innerWidth) - 48 ? 1 : 0;
    if (near) {
      board().scrollLeft += near * 8;
      held.over = columnAt(held.at);
      light();
    }
    requestAnimationFrame(scroll);
  };
  const ask = () => {
    if (held.asked) return;
    const mine = held;
    held.asked = moves(held.card.dataset.moves).catch(() => null);
    held.asked.then((found) => {
      mine.moves = found;
      if (mine === held) light();
    });
  };
  const begin = (event) => {
    const box = held.card.getBoundingClientRect();
    held.on = true;
    held.ghost = held.card.cloneNode(true);
    held.ghost.className = "board-card board-ghost";
    held.ghost.removeAttribute("data-number");
    held.ghost.ariaHidden = "true";
    Object.assign(held.ghost.style, { width: `${box.width}px`, left: `${box.left}px`, top: `${box.top}px` });
    document.body.append(held.ghost);
    held.card.classList.add("lifted");
    board().classList.add("dragging");
    getSelection()?.removeAllRanges();
    ask();
    follow(event);
    requestAnimationFrame(scroll);
  };
  const end = () => {
    clearTimeout(held.timer);
    held.ghost?.remove();
    held.card.classList.remove("lifted");
    board().classList.remove("dragging");
    all(".board-column").forEach((column) => column.classList.remove("open", "shut", "over"));
    held = null;
  };
  const drop = async (mine, column) => {
    const found = await mine.asked;
    if (!found) return failed();
    const state = column.dataset.state;
    const ways = all("[data-to]", found).filter((one) => one.dataset.to === state);
    // It has gone somewhere else meanwhile: what may be done with it now is shown.
    if (found.dataset.state !== mine.from.dataset.state) {
      show(found);
      return refresh();
    }
    if (ways.length === 1 && "direct" in ways[0].dataset) {
      const form = new URLSearchParams({ trigger: ways[0].dataset.trigger, revision: found.dataset.revision });
      return send(mine.card.dataset.moves, form);
    }
    if (ways.length === 1) return show(await moves(mine.card.dataset.moves, ways[0].dataset.trigger));
    if (ways.length > 1) {
      all("[data-to]", found).forEach((one) => one.dataset.to === state || one.remove());
      show(found);
    }
  };

  document.addEventListener("pointerdown", (event) => {
    if (held) end();
    const card = event.target.closest?.(".board-card");
    if (!card || event.button !== 0 || event.target.closest("[data-open]")) return;
    held = { card, from: card.closest(".board-column"), x: event.clientX, y: event.clientY, finger: event.pointerType === "touch", id: event.pointerId };
    if (held.finger) held.timer = setTimeout(() => held && begin(event), 350);
    else ask();
  });
  document.addEventListener("pointermove", (event) => {
    if (!held || event.pointerId !== held.id) return;
    const far = Math.hypot(event.clientX - held.x, event.clientY - held.y);
    if (held.on) follow(event);
    else if (held.finger ? far > 10 : false) end();
    else if (!held.finger && far > 5) begin(event);
  });
  document.addEventListener("pointerup", (event) => {
    if (!held || event.pointerId !== held.id) return;
    const [mine, column] = [held, held.on && columnAt(event)];
    end();
    if (!mine.on) return;
    // The click that follows is none.
    const none = (click) => {
      click.preventDefault();
      click.stopPropagation();
    };
    addEventListener("click", none, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", none, { capture: true }), 50);
    if (column && column !== mine.from) drop(mine, column).catch(failed);
  });
  document.addEventListener("pointercancel", () => held && end());
  document.addEventListener("keydown", (event) => event.key === "Escape" && held && end());
  document.addEventListener("touchmove", (event) => held?.on && event.preventDefault(), { passive: false });
  document.addEventListener("dragstart", (event) => event.target.closest?.(".board-card") && event.preventDefault());
  document.addEventListener("contextmenu", (event) => held?.finger && event.preventDefault());
})();
