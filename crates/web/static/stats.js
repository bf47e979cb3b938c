// Draws each chart from the table beside it; a click on a bar leads where its number does.
(() => {
  const charts = [];
  const number = (cell) => (cell.dataset.v ? Number(cell.dataset.v) : null);
  const shade = () => {
    const style = getComputedStyle(document.body);
    return { text: style.color, muted: style.getPropertyValue("--muted").trim() || style.color, line: "rgba(125, 140, 160, .25)" };
  };
  const palette = ["#3b6fe0", "#22a06b", "#d97706", "#8b5cf6", "#0ea5b7", "#db2777", "#84a90c", "#64748b"];
  const options = (figure, table) => {
    const { text, muted, line } = shade();
    const heads = [...table.tHead.rows[0].cells];
    const rows = [...table.tBodies[0].rows];
    const stacked = figure.dataset.chart === "stack";
    const flat = figure.dataset.chart === "flat";
    const shown = flat ? rows.slice(0, 20).reverse() : rows;
    const names = { type: "category", data: shown.map((row) => row.cells[0].textContent.trim()), axisLabel: { color: muted, width: flat ? 140 : undefined, overflow: "truncate" }, axisLine: { lineStyle: { color: line } }, axisTick: { show: false } };
    const values = { type: "value", name: figure.dataset.unit || "", nameTextStyle: { color: muted }, minInterval: figure.dataset.unit ? 0 : 1, axisLabel: { color: muted }, splitLine: { lineStyle: { color: line } } };
    const series = heads.flatMap((head, at) => {
      if (!head.dataset.series) return [];
      const data = shown.map((row) => number(row.cells[at]));
      return [{ name: head.textContent.trim(), type: head.dataset.series, stack: stacked ? "all" : undefined, barMaxWidth: 28, symbolSize: 7, data, cells: at }];
    });
    return {
      shown,
      option: {
        color: palette,
        textStyle: { color: text, fontFamily: getComputedStyle(document.body).fontFamily },
        animation: false,
        grid: { left: 8, right: 16, top: series.length > 1 ? 40 : 28, bottom: 8, containLabel: true },
        legend: series.length > 1 ? { type: "scroll", top: 0, textStyle: { color: text }, pageTextStyle: { color: text } } : undefined,
        // text drawn on the canvas: markup with styles of its own would not be let in
        tooltip: { trigger: "axis", renderMode: "richText", axisPointer: { type: "shadow" } },
        xAxis: flat ? values : names,
        yAxis: flat ? names : values,
        series: series.map(({ cells, ...rest }) => rest),
      },
      columns: series.map((one) => one.cells),
    };
  };
  const draw = (figure) => {
    const table = figure.parentElement.querySelector("table");
    if (!table || !table.tBodies[0].rows.length) return;
    const { option, shown, columns } = options(figure, table);
    if (!option.series.length) return figure.remove();
    // only now it has a size
    figure.dataset.drawn = "true";
    const chart = echarts.getInstanceByDom(figure) || echarts.init(figure);
    chart.setOption(option, true);
    chart.off("click");
    chart.on("click", (event) => {
      const link = shown[event.dataIndex]?.cells[columns[event.seriesIndex]]?.querySelector("a");
      if (link) location.assign(link.href);
    });
    if (!charts.includes(chart)) charts.push(chart);
  };
  const all = () => document.querySelectorAll("[data-chart]").forEach(draw);
  all();
  addEventListener("resize", () => charts.forEach((chart) => chart.resize()));
  // on paper it is as wide as the paper, and light
  addEventListener("beforeprint", () => charts.forEach((chart) => chart.resize({ width: 640 })));
  addEventListener("afterprint", () => charts.forEach((chart) => chart.resize({ width: "auto" })));
  new MutationObserver(all).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => print());
  });
})();
