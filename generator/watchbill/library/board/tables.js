// Tables: of several queries by their labels, of states, and of shares, for which Grafana has other forms.
function drawTable(body, panel, answers) {
  const rows = new Map();
  answers.forEach(({ result }, column) => {
    for (const series of result) {
      const labels = panel.columns.map(({ label }) => series.metric[label] ?? "");
      const key = JSON.stringify(labels);
      if (!rows.has(key)) rows.set(key, { labels, values: new Array(answers.length).fill(null) });
      rows.get(key).values[column] = Number(series.value[1]);
    }
  });
  const sorted = [...rows.values()];
  const by = panel.queries.findIndex((query) => query.legend === panel.sort);
  if (by >= 0) sorted.sort((a, b) => ((a.values[by] ?? Infinity) - (b.values[by] ?? Infinity)) * (panel.descending ? -1 : 1));
  const titles = [...panel.columns.map(({ title }) => title), ...panel.queries.map((query) => query.legend)];
  const cells = sorted.map(({ labels, values }) => [...labels, ...values.map((value, index) => cell(panel, index, value))]);
  body.append(table(titles, cells, panel.columns.map(isKnown)));
}

function cell(panel, index, value) {
  const query = panel.queries[index];
  if (value === null) return { text: "–", name: "value" };
  const state = panel.states.find((entry) => entry.value === value);
  if (state) return { text: state.text, name: `value ${state.level}` };
  const found = query.legend === panel.sort ? level(value, panel.lines) : "";
  return { text: shown(value, query.unit ?? panel.unit), name: `value ${found}` };
}

function drawStates(body, panel, answers) {
  const rows = seriesOf(answers).map((series) => {
    const now = last(series);
    const state = panel.states.find((entry) => entry.value === now);
    return [series.name, { text: state?.text ?? shown(now, panel.unit), name: `value ${state?.level ?? ""}` }];
  });
  body.append(table(["", "Now"], rows));
}

function drawShares(body, panel, answers) {
  const found = seriesOf(answers).sort((a, b) => last(b) - last(a));
  const whole = found.reduce((sum, series) => sum + last(series), 0);
  const rows = found.map((series) => [
    series.name,
    { text: shown(last(series), panel.unit), name: "value" },
    { text: whole ? shown(last(series) / whole, "ratio") : "–", name: "value" },
  ]);
  body.append(table(["", "Number", "Share"], rows));
}

// On a phone, a row of a wide table becomes a few lines; `known` are columns that a picker tells already.
function table(titles, rows, known = []) {
  const made = element("table", titles.length > 3 ? "wide" : "");
  const head = element("tr");
  head.append(...titles.map((title) => element("th", "", title)));
  made.append(element("thead"), element("tbody"));
  made.tHead.append(head);
  for (const row of rows) {
    const line = element("tr");
    row.forEach((entry, index) => {
      const made = typeof entry === "string" ? element("td", known[index] ? "known" : "", entry) : element("td", entry.name, entry.text);
      made.dataset.title = titles[index];
      line.append(made);
    });
    made.tBodies[0].append(line);
  }
  const scroll = element("div", "scroll");
  scroll.append(made);
  return scroll;
}

function isKnown({ label }) {
  const variable = board.variables.find(({ name }) => name === label);
  return Boolean(variable) && (variable.values.length === 1 || state.chosen[label] !== ALL);
}

const DRAW = {
  lines: drawLines,
  heatmap: drawBuckets,
  stat: drawValues,
  gauge: drawValues,
  table: drawTable,
  states: drawStates,
  pie: drawShares,
};
