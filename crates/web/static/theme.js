// Before the first paint: as the system has it, when the person has chosen nothing.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const set = () => (document.documentElement.dataset.bsTheme = dark.matches ? "dark" : "light");
  set();
  dark.addEventListener("change", set);
})();
