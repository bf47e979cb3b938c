// An open page hears of changes: lists follow in place, an item says what happened to it. Without it pages work the same.
(() => {
  "use strict";
  const bar = document.getElementById("live");
  if (!bar || !window.EventSource) return;
  const say = bar.dataset;
  const icon = bar.querySelector("template").content;
  bar.replaceChildren();
  const main = document.querySelector("#main > *");
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const form = document.getElementById("item");
  const history = () => document.querySelector("#history ol");
  let since = say.at;
  let pending = say.pending;

  // The page as it stands now at its address; none where it cannot be had. What has just been done is not said by it.
  const fetched = async () => {
    const answer = await fetch(location.pathname + location.search, { headers: { "HX-Request": "true" } });
    if (!answer.ok || answer.status === 204 || answer.redirected) return null;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return page.getElementById("live") ? page : null;
  };

  const put = (old, fresh) => {
    fresh = document.importNode(fresh, true);
    old.replaceWith(fresh);
    window.htmx?.process(fresh);
    return fresh;
  };

  // How many items wait, in the menu: so many, or more.
  const count = (n, more) => {
    pending = more ? `${n}+` : n;
    const link = document.querySelector(".navbar a[href='/work/pending']");
    const summary = document.querySelector(".menu summary");
    if (!link) return;
    link.querySelector(".badge")?.remove();
    summary?.querySelector(".dot")?.remove();
    if (n <= 0) return;
    const badge = document.createElement("span");
    badge.className = "badge bg-primary text-primary-fg";
    badge.ariaHidden = "true";
    badge.textContent = pending;
    link.append(badge);
    const dot = document.createElement("i");
    dot.className = "dot";
    dot.ariaHidden = "true";
    summary?.append(dot);
  };

  // Lists. Rows follow in place while nobody is about to use them; else a badge says that there is more.
  const rows = (root) => all(".items tbody tr", root);
  // An item with several holders stands once in the group of each.
  const place = (row) => {
    let head = row;
    while (head && !head.matches(".group")) head = head.previousElementSibling;
    const parts = head && head !== row ? [head, row] : [row];
    return parts.map((part) => part.querySelector("a")?.getAttribute("href")).join(" ");
  };
  const content = (row) => row.innerHTML.replace(/(<time title="[^"]*">)[^<]*/g, "$1");
  const parts = [".board > .board-column", ".page-header > *", ".count-strip", ".card-header .card-title", ".card-header .total", ".pager", ".card > .card-footer:not(.pager)", ".cards"];

  const cards = (root) => all(".board-card", root);

  // Someone has marked or typed something, or has the keyboard in what would be replaced.
  const isBusy = () => {
    const chosen = getSelection();
    if (chosen && !chosen.isCollapsed && main.contains(chosen.anchorNode)) return true;
    if (main.querySelector(".views details[open]")) return true;
    if (document.querySelector(".dragging, dialog[open]") || document.activeElement?.closest(".board-card")) return true;
    const isUsed = (one) => one === document.activeElement || one.value !== one.defaultValue || one.checked !== one.defaultChecked;
    return all("#main input:not([type=hidden])").some(isUsed);
  };
  // Rows that would move under a pointer that is about to click.
  const isPointed = () => matchMedia("(hover: hover)").matches && !!document.querySelector(".items tbody:hover, .board-card:hover, .pager:hover, .count-strip:hover, .cards:hover");

  const isSamePlaces = (page) => {
    const places = (root) => [...rows(root), ...cards(root)].map(place);
    const [old, fresh] = [places(document), places(page)];
    return old.length === fresh.length && old.every((one, at) => one === fresh[at]);
  };

  const isAlikeBuilt = (page) => {
    const has = (root) => [".items tbody", ".empty", ...parts].map((part) => root.querySelectorAll(`.page-wrapper ${part}`).length).join();
    return has(document) === has(page);
  };

  const follow = (page) => {
    const before = new Map(rows(document).map((row) => [place(row), row]));
    const marked = [];
    const focused = place(document.activeElement?.closest(".items tbody tr") ?? bar);
    if (!isAlikeBuilt(page)) {
      // A list that was empty or is so now: all of it.
      main.replaceChildren(...[...page.querySelector("#main > *").childNodes].map((one) => document.importNode(one, true)));
      window.htmx?.process(main);
      put(document.querySelector(".page-header > *"), page.querySelector(".page-header > *"));
      marked.push(...rows(document).filter((row) => !before.has(place(row)) || content(before.get(place(row))) !== content(row)));
    } else {
      for (const part of parts) {
        const fresh = all(`.page-wrapper ${part}`, page);
        all(`.page-wrapper ${part}`).forEach((old, at) => old.outerHTML !== fresh[at].outerHTML && put(old, fresh[at]));
      }
      const table = document.querySelector(".items tbody");
      let last = null;
      for (const fresh of rows(page)) {
        let row = before.get(place(fresh));
        before.delete(place(fresh));
        if (row && content(row) === content(fresh)) {
          const times = all("time", fresh);
          all("time", row).forEach((time, at) => (time.textContent = times[at].textContent));
        } else {
          const made = document.importNode(fresh, true);
          row?.replaceWith(made);
          marked.push((row = made));
        }
        const next = last ? last.nextElementSibling : table.firstElementChild;
        if (next !== row) table.insertBefore(row, next);
        last = row;
      }
      before.forEach((gone) => gone.remove());
    }
    for (const row of marked) {
      row.classList.add("fresh");
      setTimeout(() => row.classList.remove("fresh"), 3000);
    }
    if (focused && document.activeElement === document.body)
      rows(document).find((row) => place(row) === focused)?.querySelector("a").focus({ preventScroll: true });
    since = page.getElementById("live").dataset.at;
    bar.replaceChildren();
    document.dispatchEvent(new Event("followed"));
  };

  // What a person asks for goes before what is heard of: a page that was fetched before is of the place that they leave.
  let led = null;
  document.addEventListener("htmx:before:request", (event) => (led = event.detail.ctx));
  const isLed = () => !!led && !/^(swapped|error)/.test(led.status);

  // One at a time, and more rarely while much goes on.
  let behind = false;
  let asking = false;
  let gap = 1000;
  let timer;
  const badge = () => {
    if (bar.firstElementChild) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm btn-primary";
    button.textContent = `${say.new} · ${say.refresh}`;
    button.onclick = () => refresh(true);
    bar.replaceChildren(button);
  };
  const refresh = async (asked) => {
    if (asking || (!behind && !asked)) return;
    if (isLed()) return soon();
    if (!asked && isBusy()) return badge();
    asking = true;
    behind = false;
    const leader = led;
    const page = await fetched().catch(() => null);
    asking = false;
    if (led !== leader) return soon();
    if (!page) {
      if (asked) return location.reload();
      behind = true;
      return badge();
    }
    if (!asked && (isBusy() || (isPointed() && !isSamePlaces(page)))) {
      behind = true;
      return badge();
    }
    follow(page);
    if (asked) document.getElementById("main").focus({ preventScroll: true });
  };
  const soon = () => {
    behind = true;
    if (timer) return;
    // Not everyone at the same moment.
    timer = setTimeout(() => {
      refresh();
      gap = Math.min(gap * 2, 8000);
      timer = setTimeout(() => {
        timer = null;
        if (behind && !bar.firstElementChild) soon();
        else gap = 1000;
      }, gap);
    }, Math.random() * 200);
  };
  // A board that has just been fetched anew.
  document.addEventListener("refreshed", () => {
    behind = false;
    bar.replaceChildren();
  });
  // Once nobody is about to use it any more, it follows.
  const retry = () => setTimeout(() => behind && bar.firstElementChild && !isBusy() && !isPointed() && refresh(), 300);
  if (!form) for (const type of ["pointerout", "selectionchange", "focusout"]) document.addEventListener(type, retry);

  // An item. What was typed stays; who has typed is led to another tab.
  const isTyped = () => !!form?.isDirty?.() || all("#say").some((one) => one.value !== one.defaultValue);
  const drawn = Number(form?.elements.namedItem("revision")?.value ?? 0);
  let told = { seen: 0, revision: drawn };
  const tell = (item) => {
    const [box, said] = [document.createElement("div"), document.createElement("strong")];
    box.className = "container-xl";
    said.textContent = item.text;
    box.append(icon.cloneNode(true), said);
    if (!item.gone) {
      const link = document.createElement("a");
      const typed = isTyped();
      link.href = location.pathname;
      link.className = "btn btn-sm";
      link.textContent = typed ? say.tab : say.see;
      if (typed) {
        const kept = document.createElement("span");
        link.target = "_blank";
        kept.textContent = say.kept;
        box.append(kept);
      }
      box.append(link);
    }
    bar.replaceChildren(box);
  };
  // Comments change nothing in the form: the history follows in place.
  const comments = async (item) => {
    const page = await fetched().catch(() => null);
    const [old, fresh] = [history(), page?.querySelector("#history ol")];
    if (!old || !fresh || Number(old.dataset.seen) >= Number(fresh.dataset.seen)) return;
    const known = Number(old.dataset.seen);
    const made = put(old, fresh);
    if (!("past" in made.dataset)) all(":scope > li", made).slice(0, Number(made.dataset.seen) - known).forEach((line) => line.classList.add("fresh"));
    bar.replaceChildren();
    const heard = document.createElement("div");
    heard.className = "visually-hidden";
    heard.textContent = item.text;
    bar.append(heard);
  };
  const happened = (item) => {
    if (item.gone) {
      close();
      over = true;
      return tell(item);
    }
    const judge = () => {
      // What this page itself has sent may be heard of before it is answered.
      if (document.querySelector("form[data-sent]")) return setTimeout(judge, 1000);
      if (item.revision > told.revision) {
        told = item;
        tell(item);
      } else if (item.seen > Number(history()?.dataset.seen ?? 0) && !bar.querySelector("strong")) {
        comments(item);
      }
    };
    setTimeout(judge, 300);
  };

  // The stream: open while the page is looked at.
  let source = null;
  let over = false;
  let back;
  const close = () => {
    clearTimeout(back);
    source?.close();
    source = null;
  };
  const open = () => {
    if (source || over || document.hidden) return;
    const address = new URL(say.from, location.href);
    address.searchParams.set("since", since);
    if (pending !== undefined) address.searchParams.set("pending", pending);
    if (told.seen) address.searchParams.set("seen", told.seen);
    source = new EventSource(address);
    source.addEventListener("change", (event) => {
      const news = JSON.parse(event.data);
      since = news.at;
      if (news.pending !== undefined) count(news.pending, news.pending_capped);
      if (news.list && !form) soon();
      if (news.item) happened(news.item);
    });
    source.addEventListener("end", () => {
      over = true;
      close();
    });
    source.addEventListener("error", () => {
      // Refused: perhaps too many are open. The browser tries again by itself after everything else.
      if (source?.readyState !== EventSource.CLOSED) return;
      close();
      back = setTimeout(open, 30000 + Math.random() * 30000);
    });
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
})();
