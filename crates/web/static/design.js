// The designer sends a row as soon as something in it was changed, one after the other, and shows what came of it; without this
// each row has a button that does the same. Rows are dragged into another order by their grips.
(() => {
  "use strict";
  const root = () => document.getElementById("design");
  if (!root()) return;
  document.documentElement.classList.add("scripted");
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const asking = { "HX-Request": "true", "HX-Target": "design", Accept: "text/html" };
  const isOurs = (form) => form?.closest("#design") && (form.matches(".line form, form.add") || ["flow", "toml", "tests"].includes(form.id));

  const say = (what) => {
    const place = root().querySelector(".saving");
    place.textContent = place.dataset[what] ?? "";
    place.classList.toggle("text-danger", what === "failed");
  };

  // What is typed while the page is drawn anew stays as it is typed.
  const keep = () => {
    const active = document.activeElement;
    const typed = active?.id && "value" in active && active.closest("#design") ? active : null;
    const was = typed && { id: typed.id, value: typed.value, dirty: typed.value !== typed.defaultValue, at: [typed.selectionStart, typed.selectionEnd] };
    // and what is typed for a row that was not sent yet
    const added = () => all(".add input:not([type=hidden]), .add textarea, .add select", root());
    const isTyped = (one) => (one.matches("select") ? !one.selectedOptions[0]?.defaultSelected : one.value !== one.defaultValue);
    const place = (one) => `${all("form.add", root()).indexOf(one.form)} ${one.name}`;
    const meant = new Map(added().filter(isTyped).map((one) => [place(one), one.value]));
    const opened = all("details[open]", root()).map((one) => one.id);
    const rolled = all(".source, .design-beside, .diagram", root()).map((one) => [one.scrollTop, one.scrollLeft]);
    return () => {
      all("details", root()).forEach((one) => (one.open = one.open || (one.id && opened.includes(one.id))));
      all(".source, .design-beside, .diagram", root()).forEach((one, at) => ([one.scrollTop, one.scrollLeft] = rolled[at] ?? [0, 0]));
      added().filter((one) => meant.has(place(one))).forEach((one) => (one.value = meant.get(place(one))));
      const now = was && document.getElementById(was.id);
      if (!now) return;
      if (was.dirty && now.matches("input:not([type=checkbox]), textarea")) now.value = was.value;
      now.focus({ preventScroll: true });
      if (was.at[0] !== null && now.matches("input:not([type=checkbox]), textarea")) now.setSelectionRange(...was.at);
    };
  };
  const show = (fresh, focus) => {
    const back = keep();
    root().replaceWith(document.importNode(fresh, true));
    back();
    if (focus) (typeof focus === "string" ? document.getElementById(focus) : focus())?.focus({ preventScroll: true });
    root().querySelector("#trouble")?.scrollIntoView({ block: "center" });
  };

  const waiting = [];
  let busy = false;
  const native = (job) => {
    const form = document.getElementById(job.form);
    if (!form || !job.body) return location.reload();
    const asked = Object.assign(document.createElement("input"), { type: "hidden", name: "do", value: job.body.get("do") });
    form.append(asked);
    HTMLFormElement.prototype.submit.call(form);
  };
  const next = async () => {
    const job = waiting.shift();
    if (!job) return;
    busy = true;
    say("saving");
    try {
      const answer = await fetch(job.address, job.body ? { method: "POST", headers: asking, body: job.body } : { headers: asking });
      const text = await answer.text();
      const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("design");
      // Who is not signed in any more is asked to by a page that keeps the form.
      if (!fresh) return native(job);
      for (const later of waiting.filter((one) => one.body)) {
        // The rows that wait were seen as they are now.
        const seen = later.form && fresh.querySelector(`#${CSS.escape(later.form)} [name=seen]`);
        if (seen && later.body.has("seen")) later.body.set("seen", seen.value);
        if (later.form === job.form && later.body.has("revision")) later.body.set("revision", fresh.dataset.revision);
      }
      if (waiting.length === 0 || !answer.ok) show(fresh, job.focus);
      say(answer.ok ? "saved" : "");
      busy = false;
      next();
    } catch {
      busy = false;
      waiting.length = 0;
      say("failed");
    }
  };
  const send = (job) => {
    // what is typed of a row counts as it is typed last; each that is added is another
    const same = waiting.findIndex((one) => job.form && one.body && one.form === job.form && one.body.get("do") === job.body?.get("do"));
    if (same >= 0) waiting[same] = job;
    else waiting.push(job);
    if (!busy) next();
  };
  const sendForm = (form, what, focus) => {
    const body = new URLSearchParams(new FormData(form));
    for (const [name, value] of Object.entries(what)) body.set(name, value);
    send({ form: form.id, address: form.action, body, focus });
  };
  // What a new choice offers is asked for at once.
  const choices = () => root().querySelector(".of-field .line.open:last-child [name=choices]");
  const plain = (form) => ({ do: { toml: "text", tests: "tests" }[form.id] ?? "save" });

  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (isOurs(form) && !form.matches(".add")) sendForm(form, plain(form));
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!isOurs(form) || event.defaultPrevented) return;
    event.preventDefault();
    const asked = event.submitter?.value || plain(form).do;
    if (!form.matches(".add")) return sendForm(form, { do: asked });
    // Whoever adds one adds the next; what must be told of it first is asked for.
    const [first, added] = [form.querySelector("input:not([type=hidden])").id, form.elements.type?.value];
    sendForm(form, { do: asked }, () => (added === "choice" ? choices() : null) ?? document.getElementById(first));
    form.reset();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("#design [data-open]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const row = link.closest("form").id;
    send({ form: row, address: link.href, focus: () => document.getElementById(row)?.querySelector("[data-open]") });
  });
  document.addEventListener("keydown", (event) => {
    const form = document.activeElement?.form;
    if ((event.ctrlKey || event.metaKey) && event.key === "s" && isOurs(form)) {
      event.preventDefault();
      if (!form.matches(".add")) sendForm(form, plain(form));
    }
    // A tab belongs into a text, not behind it; Escape leaves it.
    if (event.key === "Tab" && !event.shiftKey && document.activeElement?.matches(".source") && !tabLeaves) {
      event.preventDefault();
      document.execCommand("insertText", false, "  ");
    }
    tabLeaves = event.key === "Escape";
  });
  let tabLeaves = false;

  // Dragging, by mouse, pen or finger.
  let held = null;
  const rowAt = (event) => document.elementFromPoint(event.clientX, event.clientY)?.closest(".line");
  const unmark = () => all(".line.before, .line.behind").forEach((one) => one.classList.remove("before", "behind"));
  document.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest?.("#design .grip");
    if (!grip || event.button) return;
    event.preventDefault();
    held = { row: grip.closest(".line"), to: null };
    held.row.classList.add("held");
    grip.setPointerCapture(event.pointerId);
  });
  document.addEventListener("pointermove", (event) => {
    if (!held) return;
    const over = rowAt(event);
    unmark();
    held.to = null;
    if (!over || over === held.row || over.parentElement !== held.row.parentElement) return;
    const box = over.getBoundingClientRect();
    const behind = event.clientY > box.top + box.height / 2;
    over.classList.add(behind ? "behind" : "before");
    const [from, at] = [Number(held.row.dataset.at), Number(over.dataset.at)];
    held.to = at + (behind ? 1 : 0) - (from < at + (behind ? 1 : 0) ? 1 : 0);
    if (event.clientY < 80) scrollBy(0, -12);
    if (event.clientY > innerHeight - 80) scrollBy(0, 12);
  });
  const drop = () => {
    if (!held) return;
    const { row, to } = held;
    held = null;
    unmark();
    row.classList.remove("held");
    if (to !== null && to !== Number(row.dataset.at)) sendForm(row.querySelector("form"), { do: "move", to });
  };
  document.addEventListener("pointerup", drop);
  document.addEventListener("pointercancel", () => {
    held?.row.classList.remove("held");
    held = null;
    unmark();
  });
})();
