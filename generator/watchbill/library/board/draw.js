// Drawing panels. Everything that comes from Prometheus is text, set by textContent.
const PALETTE = ["#3274d9", "#e0752d", "#2f9e44", "#8f3bb8", "#c4a000", "#0aa2b5", "#d44a7a", "#7c8a2a", "#8c6d5a", "#5f6b7a"];
const STATUS = { 2: "#2f9e44", 3: "#3274d9", 4: "#e0752d", 5: "#d1273d" };

function element(tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
}

function colour(name, index, panel) {
  const status = panel.byStatus ? /(?:^|\s)([2-5])(?:xx|\d\d)$/.exec(name) : null;
  return status ? STATUS[status[1]] : PALETTE[index % PALETTE.length];
}

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function resolved(name) {
  const probe = element("i");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function seriesOf(answers) {
  return answers.flatMap(({ query, result }) =>
    result.map((series) => ({ name: named(query.legend, series.metric), metric: series.metric, query, ...series })),
  );
}

const last = (series) => Number((series.value ?? series.values.at(-1))[1]);

const drawLines = (body, panel, answers) => drawSeries(body, panel, answers, seriesOf(answers));

// A bucket counts what is at most its edge; in order, so that they read as the histogram does.
function drawBuckets(body, panel, answers) {
  const edge = ({ metric }) => (metric.le === "+Inf" ? Infinity : Number(metric.le));
  const found = seriesOf(answers).sort((a, b) => (edge(a) < edge(b) ? -1 : 1));
  for (const series of found) {
    const words = edge(series) === Infinity ? "all" : `≤ ${shown(edge(series), panel.edges)}`;
    series.name = series.name.replace(series.metric.le, words);
  }
  return drawSeries(body, panel, answers, found);
}

function drawSeries(body, panel, answers, found) {
  const times = [...new Set(found.flatMap((series) => series.values.map(([time]) => time)))].sort((a, b) => a - b);
  const place = new Map(times.map((time, index) => [time, index]));
  const columns = found.map((series) => {
    const column = new Array(times.length).fill(null);
    for (const [time, value] of series.values) column[place.get(time)] = Number.isFinite(+value) ? +value : null;
    return column;
  });
  const options = chart(body, panel, found, [answers[0].from, answers[0].end]);
  body.append(element("div", "chart"), ...underneath(panel, found));
  return new uPlot(options, [times, ...columns], body.firstChild);
}

function chart(body, panel, found, range) {
  const axis = { stroke: resolved("faint"), grid: { stroke: resolved("rule"), width: 1 }, ticks: { stroke: resolved("rule") } };
  const values = panel.lines.map((line) => line.value);
  return {
    width: Math.max(200, body.clientWidth),
    height: 190,
    legend: { show: false },
    cursor: { sync: { key: "board" }, drag: { x: false, y: false } },
    scales: {
      x: { range },
      y: {
        range: (_, low, high) => {
          const least = Math.min(low ?? 0, panel.lowest ?? Infinity, ...values);
          const most = Math.max(high ?? 1, ...values);
          return [least, most > least ? most + (most - least) * 0.05 : least + 1];
        },
      },
    },
    axes: [{ ...axis, size: 32, values: (_, times) => times.map((time) => moment(time, range[1] - range[0])) }, { ...axis, size: 84, values: (_, ticks) => ticks.map((tick) => shown(tick, panel.unit)) }],
    series: [
      {},
      ...found.map((series, index) => ({ stroke: colour(series.name, index, panel), width: 1.5, spanGaps: false })),
    ],
    hooks: { draw: [(plot) => drawThresholds(plot, panel)], setCursor: [(plot) => readOff(plot, body, panel, found)] },
  };
}

function moment(time, range) {
  const at = new Date(time * 1000);
  const day = at.toLocaleDateString(undefined, { day: "numeric", month: "short" });
  return range > 172800 ? day : at.toTimeString().slice(0, range > 600 ? 5 : 8);
}

// Beside each name, its value where the cursor is, else its last.
function readOff(plot, body, panel, found) {
  const at = plot.cursor.idx;
  body.querySelectorAll(".legend b").forEach((number, index) => {
    const value = at == null ? last(found[index]) : plot.data[index + 1][at];
    number.textContent = value == null ? "–" : shown(value, panel.unit);
  });
}

function drawThresholds(plot, panel) {
  const { ctx, bbox } = plot;
  for (const line of panel.lines) {
    const y = Math.round(plot.valToPos(line.value, "y", true)) + 0.5;
    if (y < bbox.top || y > bbox.top + bbox.height + 1) continue;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = resolved(line.level);
    ctx.globalAlpha = 0.08;
    if (panel.shaded) ctx.fillRect(bbox.left, bbox.top, bbox.width, y - bbox.top);
    ctx.globalAlpha = 1;
    ctx.setLineDash([6, 4]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.restore();
  }
}

function underneath(panel, found) {
  const legend = element("div", "legend");
  found.forEach((series, index) => {
    const entry = element("div");
    const swatch = element("i");
    swatch.style.background = colour(series.name, index, panel);
    entry.append(swatch, element("span", "", series.name), element("b", "", shown(last(series), panel.unit)));
    legend.append(entry);
  });
  return [legend, ...bounds(panel)];
}

const bounds = (panel) =>
  panel.lines.filter((line) => line.text).map((line) => element("div", `bound ${line.level}`, `╌ ${line.text}`));

function drawValues(body, panel, answers) {
  const values = element("div", panel.look === "stat" ? "values" : "");
  for (const series of seriesOf(answers)) {
    const entry = element("div");
    const now = last(series);
    entry.append(element("div", "name", series.name), element("div", `number ${level(now, panel.lines)}`, shown(now, panel.unit)));
    if (panel.look === "gauge") entry.append(bar(panel, now));
    values.append(entry);
  }
  body.append(values, ...(panel.look === "gauge" ? bounds(panel) : []));
}

function bar(panel, value) {
  const most = panel.highest ?? Math.max(value, ...panel.lines.map((line) => line.value), 1);
  const made = element("div", "bar");
  const part = (number) => `${Math.max(0, Math.min(100, (number / most) * 100))}%`;
  const fill = element("i");
  fill.style.width = part(value);
  fill.style.background = `var(--${level(value, panel.lines) || "goal"})`;
  made.append(fill);
  for (const line of panel.lines) {
    const mark = element("b");
    mark.style.left = part(line.value);
    mark.style.background = `var(--${line.level})`;
    made.append(mark);
  }
  return made;
}
