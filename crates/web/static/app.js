// What pages do beyond plain forms. Everything works without it.
(() => {
  "use strict";
  const on = (type, act) => document.addEventListener(type, act);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const editable = (el) => el && (/^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName) || el.isContentEditable);

  // `/` goes to the search box.
  on("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || editable(event.target)) return;
    const box = document.getElementById("q");
    if (!box) return;
    event.preventDefault();
    box.focus();
    box.select();
  });

  // A form that comes back with what was typed after signing in stands at its own address.
  const back = document.querySelector(".prefs [name=back]")?.value;
  if (location.pathname === "/login" && back && !document.querySelector("form[action='/login']")) history.replaceState(null, "", back);

  // Errors and conflicts are read first.
  (document.getElementById("conflict") || document.getElementById("troubles") || document.getElementById("found"))?.focus();

  // Where the page itself does not scroll, the keys that scroll go to what does.
  if (document.querySelector(".has-bar") && document.activeElement === document.body)
    document.getElementById("main").focus({ preventScroll: true });

  // Language and theme: the theme changes in place, so that nothing typed is lost.
  on("submit", (event) => {
    const button = event.submitter;
    if (!event.target.matches(".prefs") || button?.name !== "theme") return;
    event.preventDefault();
    const dark = button.value === "dark" || (button.value === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
    all("[name=theme]", event.target).forEach((one) => one.classList.toggle("active", one === button));
    fetch(event.target.action, { method: "POST", body: new URLSearchParams(new FormData(event.target, button)) });
  });

  // Columns are put in order where they stand, by their buttons or by dragging.
  on("click", (event) => {
    const button = event.target.closest?.("[data-order] button");
    if (!button) return;
    event.preventDefault();
    const line = button.closest("li");
    if (button.name === "up") line.previousElementSibling?.before(line);
    else line.nextElementSibling?.after(line);
    button.focus();
  });
  let held = null;
  on("pointerdown", (event) => {
    const line = event.target.closest?.("[data-order] li");
    if (line) line.draggable = true;
  });
  on("dragstart", (event) => {
    held = event.target.closest?.("[data-order] li") ?? null;
    held?.classList.add("held");
  });
  on("dragover", (event) => {
    const line = held && event.target.closest?.("[data-order] li");
    if (!line || line === held) return;
    event.preventDefault();
    const box = line.getBoundingClientRect();
    if (event.clientY < box.top + box.height / 2) line.before(held);
    else line.after(held);
  });
  on("drop", (event) => held && event.preventDefault());
  on("dragend", () => {
    held?.classList.remove("held");
    held = null;
  });

  // A menu over a list closes where one goes on elsewhere.
  const menus = () => all(".views details[open]");
  on("click", (event) => menus().forEach((menu) => menu.contains(event.target) || (menu.open = false)));
  on("keydown", (event) => {
    if (event.key !== "Escape") return;
    menus().forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });

  // What cannot be undone asks first.
  on("click", (event) => {
    const button = event.target.closest?.("[data-confirm]");
    if (button && !confirm(button.dataset.confirm)) event.preventDefault();
  });

  // A form is sent once; a line shows that it takes its time.
  on("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    document.body.classList.add("busy");
    setTimeout(() => delete form.dataset.sent, 10000);
  });
  addEventListener("pageshow", () => {
    document.body.classList.remove("busy");
    all("form[data-sent]").forEach((form) => delete form.dataset.sent);
  });
  on("htmx:finally:request", (event) => {
    document.body.classList.remove("busy");
    delete event.target.dataset?.sent;
  });

  // A list that cannot be fetched in place is opened as a page; so is a page that asks to sign in first.
  on("htmx:response:error", (event) => {
    const { ctx } = event.detail;
    if (ctx.request.method === "GET") {
      event.preventDefault();
      location.href = ctx.request.action;
    }
  });
  on("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    if (ctx.response?.status >= 400 && ctx.sourceElement?.matches(".item-form, .similar")) return event.preventDefault();
    // Nobody is signed in any more: the form is sent as a page of its own, which asks to sign in and keeps what was typed.
    if (ctx.response?.status === 401 && ctx.sourceElement?.matches("form")) {
      event.preventDefault();
      ctx.sourceElement.submit();
      return;
    }
    if (ctx.response?.raw.redirected) {
      event.preventDefault();
      location.href = ctx.response.raw.url;
    }
  });

  // Long texts grow with what is typed.
  const grow = (area) => {
    if (CSS.supports("field-sizing", "content")) return;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + 2}px`;
  };
  on("input", (event) => event.target.matches?.("textarea:not(.code)") && grow(event.target));

  // Cascades: only the words under the parent's value.
  const cascade = (child) => {
    const form = child.closest("form");
    const parent = form?.elements.namedItem(child.dataset.parent);
    if (!parent) return;
    const groups = child.matches("select") ? all("optgroup", child) : all(".under", child);
    const label = (group) => group.label ?? group.dataset.under;
    const follow = () => {
      let any = false;
      groups.forEach((group) => {
        const fits = label(group) === parent.value;
        any ||= fits;
        group.hidden = group.disabled = !fits;
        all("input", group).forEach((box) => (box.disabled = !fits));
      });
      if (child.matches("select")) {
        const chosen = child.selectedOptions[0];
        if (chosen?.parentElement.matches("optgroup") && chosen.parentElement.hidden) {
          const same = all("optgroup:not([hidden]) option", child).find((option) => option.value === chosen.value);
          if (same) same.selected = true;
          else child.value = "";
          child.dispatchEvent(new Event("change", { bubbles: true }));
        }
      }
      child.closest(".field")?.classList.toggle("asleep", !any);
    };
    parent.addEventListener("change", follow);
    follow();
  };

  // Pickers: people and items, found while typing. What is typed counts even if nothing is chosen.
  const escape = (text) => {
    const box = document.createElement("i");
    box.textContent = text ?? "";
    return box.innerHTML;
  };
  const pick = (input) => {
    const kind = input.dataset.pick;
    const known = (input.dataset.shown ?? "").split("\n").filter(Boolean).map((line) => {
      const [value, text] = line.split("\t");
      return { value, text };
    });
    // What was typed and could not be taken is shown as it was typed.
    for (const value of (input.hasAttribute("data-many") ? input.value.split(",") : [input.value]).map((one) => one.trim()))
      if (value && !known.some((one) => one.value === value)) known.push({ value, text: value });
    const row = (data) => `<div><span class="id">${escape(data.value)}</span> ${escape(data.text === data.value ? "" : data.text)}${data.more ? ` <span class="id">${escape(data.more)}</span>` : ""}</div>`;
    input.removeAttribute("list");
    const chooser = new TomSelect(input, {
      maxItems: input.hasAttribute("data-many") ? null : 1,
      delimiter: ",",
      options: known,
      create: true,
      createOnBlur: true,
      persist: false,
      // The input stays where it is and can be typed into, an item chosen or not.
      hidePlaceholder: false,
      selectOnTab: true,
      maxOptions: 30,
      valueField: "value",
      labelField: "text",
      searchField: ["value", "text"],
      shouldLoad: (text) => kind !== "items" || text.length > 0,
      preload: "focus",
      load(text, done) {
        const query = new URLSearchParams({ q: text });
        if (input.dataset.flow) query.set("flow", input.dataset.flow);
        fetch(`/pick/${kind}?${query}`, { headers: { Accept: "application/json" } })
          .then((answer) => (answer.ok ? answer.json() : { items: [] }))
          .then((answer) => {
            this.clearOptions((option) => this.items.includes(option.value));
            done(answer.items);
          })
          .catch(() => done());
      },
      render: {
        option: row,
        item: (data) => `<div title="${escape(data.value).replaceAll('"', "&quot;")}">${kind === "items" ? row(data).slice(5, -6) : escape(data.text)}</div>`,
        option_create: null,
        no_results: null,
      },
      onDropdownOpen: (list) => list.scrollIntoView({ block: "nearest" }),
      onLoad() {
        if (this.isOpen) this.dropdown.scrollIntoView({ block: "nearest" });
      },
      onChange: () => input.dispatchEvent(new Event("input", { bubbles: true })),
    });
    // The label is the input's alone.
    chooser.dropdown_content.removeAttribute("aria-labelledby");
    chooser.dropdown_content.setAttribute("aria-label", document.documentElement.lang === "en" ? "Suggestions" : "可选");
  };

  // Unsaved changes: leaving asks.
  const guard = (form) => {
    const print = () => new URLSearchParams(new FormData(form)).toString();
    const first = print();
    let leaving = false;
    form.isDirty = () => form.hasAttribute("data-dirty") || print() !== first;
    form.addEventListener("submit", () => (leaving = true));
    addEventListener("pageshow", () => (leaving = false));
    addEventListener("beforeunload", (event) => {
      if (leaving || !form.isDirty()) return;
      event.preventDefault();
      event.returnValue = form.dataset.unsaved;
    });
  };

  // The buttons follow what is typed.
  const follow = (form) => {
    if (!form.hasAttribute("hx-post")) return;
    let timer;
    const ask = () => {
      clearTimeout(timer);
      timer = setTimeout(() => form.dispatchEvent(new Event("buttons")), 350);
    };
    form.addEventListener("input", (event) => event.target.name !== "comment" && ask());
    form.addEventListener("change", (event) => event.target.name !== "comment" && ask());
  };

  // What is similar follows the texts typed; one click puts it into the field that links to it.
  const compare = (form) => {
    let timer;
    form.addEventListener("input", (event) => {
      if (!event.target.matches("textarea, input:not([type])") || event.target.matches("[data-pick], [name=comment], .ts-control *")) return;
      clearTimeout(timer);
      timer = setTimeout(() => document.getElementById("similar")?.dispatchEvent(new Event("similar")), 400);
    });
  };
  on("click", (event) => {
    const button = event.target.closest?.("#similar button");
    if (!button) return;
    const { link, title, into, done } = button.dataset;
    if (!link) {
      event.preventDefault();
      return button.closest("#similar").dispatchEvent(new Event("similar"));
    }
    const input = document.getElementById(into);
    if (!input) return;
    event.preventDefault();
    if (input.tomselect) {
      input.tomselect.addOption({ value: link, text: title });
      input.tomselect.addItem(link);
    } else {
      input.value = input.hasAttribute("data-many") && input.value.trim() ? `${input.value},${link}` : link;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }
    const said = document.createElement("span");
    said.className = "linked-already";
    said.setAttribute("role", "status");
    said.textContent = done;
    button.replaceWith(said);
  });

  const copier = (output) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm mt-2";
    button.textContent = output.dataset.copy;
    button.onclick = () => navigator.clipboard?.writeText(output.textContent).then(() => (button.textContent = output.dataset.copied));
    output.after(button);
  };

  // Items chosen in a list: all on the page at once, and how many there are.
  const boxes = () => all(".items .pick");
  const chosen = () => {
    const [every, count] = [document.querySelector(".bulk .pick"), document.querySelector("[data-chosen]")];
    if (!every) return;
    // What is marked is sent by its own boxes: the page may have changed since it was drawn.
    every.removeAttribute("name");
    const items = (some) => new Set(some.map((box) => box.value)).size;
    const marked = items(boxes().filter((box) => box.checked));
    every.checked = marked > 0 && marked === items(boxes());
    every.indeterminate = marked > 0 && !every.checked;
    count.textContent = `${count.dataset.chosen} ${marked}`;
  };
  on("change", (event) => {
    if (event.target.matches?.(".bulk .pick")) boxes().forEach((box) => (box.checked = event.target.checked));
    // In groups an item may stand twice.
    if (event.target.matches?.(".items .pick"))
      boxes().forEach((box) => box.value === event.target.value && (box.checked = event.target.checked));
    if (event.target.matches?.(".pick")) chosen();
  });
  addEventListener("pageshow", chosen);
  on("followed", chosen);
  // Another list: a box that stands where a marked one stood is not meant.
  on("htmx:after:swap", () => {
    boxes().forEach((box) => (box.checked = false));
    chosen();
  });

  const start = (root) => {
    all("[data-parent]", root).forEach(cascade);
    if (window.TomSelect) all("[data-pick]", root).forEach(pick);
    all(".item-form", root).forEach(guard);
    all(".item-form", root).forEach(follow);
    all(".item-form", root).forEach(compare);
    all("[data-copy]", root).forEach(copier);
  };
  start();
  // A form that comes later.
  on("drawn", (event) => start(event.target));
})();
