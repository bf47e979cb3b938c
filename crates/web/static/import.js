// While a file is checked or carried in, the page says how far it is. It is sent as well without.
(() => {
  "use strict";
  const EVERY = 700;

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const shown = document.getElementById("carrying");
    if (!shown || event.defaultPrevented || form.method !== "post" || form.matches(".prefs")) return;
    const mark = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    form.querySelector("input[name=mark]")?.remove();
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "mark", value: mark });
    form.append(field);
    watch(shown, mark);
  });

  // Asked until the next page comes, or (what is downloaded leaves this one) until what was under way is over.
  async function watch(shown, mark) {
    const [bar, said] = [shown.querySelector("progress"), shown.querySelector("p")];
    let begun = false;
    for (;;) {
      await new Promise((done) => setTimeout(done, EVERY));
      const answer = await fetch(`${shown.dataset.progress}?mark=${mark}`, { headers: { Accept: "application/json" } }).catch(() => null);
      if (!answer?.ok || answer.redirected) break;
      const rows = await answer.json();
      if (!rows && begun) break;
      if (!rows) continue;
      begun = true;
      shown.hidden = false;
      bar.max = Math.max(rows.of, 1);
      bar.value = rows.done;
      const number = (value) => value.toLocaleString("en");
      said.textContent = shown.dataset.rows.replace("{done}", number(rows.done)).replace("{of}", number(rows.of));
      shown.scrollIntoView({ block: "nearest" });
    }
    shown.hidden = true;
  }
  addEventListener("pageshow", (event) => {
    const shown = document.getElementById("carrying");
    if (event.persisted && shown) shown.hidden = true;
  });
})();
