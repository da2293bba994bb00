// The page: its pickers, its panels, and the loop that asks anew every five seconds.
const ALL = "\u0000all";
const EVERY = 5000; // milliseconds
const RANGES = [["5m", 300], ["15m", 900], ["1h", 3600], ["6h", 21600], ["1d", 86400], ["7d", 604800], ["30d", 2592000]];
const board = JSON.parse(document.getElementById("dashboard").textContent);
const query = new URLSearchParams(location.search);
const state = { range: 3600, chosen: {}, prometheus: source(), answered: 0, failing: "" };
const plots = new Map();

// Another Prometheus may be named only on this machine or where the page comes from, so that no link sends queries elsewhere.
function source() {
  const named = query.get("prometheus");
  if (!named) return board.prometheus;
  try {
    const url = new URL(named);
    const near = ["localhost", "127.0.0.1"].includes(url.hostname) || url.origin === location.origin;
    if (near && /^https?:$/.test(url.protocol)) return named.replace(/\/+$/, "");
  } catch {
    // falls through: it is no URL
  }
  return board.prometheus;
}

function picker(name, title, options, chosen, change) {
  const select = element("select");
  for (const [text, value] of options) {
    const option = element("option", "", text);
    option.value = value;
    option.selected = value === chosen;
    select.append(option);
  }
  select.id = `pick-${name}`;
  select.addEventListener("change", () => {
    change(select.value);
    refresh(true);
  });
  const label = element("label", "", `${title} `);
  label.append(select);
  document.getElementById("pickers").append(label);
}

function remember(name, value) {
  const url = new URL(location.href);
  url.searchParams.set(name, value);
  history.replaceState(null, "", url);
}

function pickers() {
  for (const variable of board.variables) {
    const given = query.get(`var-${variable.name}`);
    const every = variable.every ? [["All", ALL]] : [];
    const values = variable.values.map((value) => [value, value]);
    state.chosen[variable.name] = given && given !== "$__all" && given !== "All" ? given : variable.every ? ALL : variable.values[0];
    if (given && !variable.values.includes(given) && state.chosen[variable.name] === given) values.push([given, given]);
    if (variable.values.length + every.length > 1 || values.length > variable.values.length) {
      picker(variable.name, variable.title, [...every, ...values], state.chosen[variable.name], (value) => {
        state.chosen[variable.name] = value;
        remember(`var-${variable.name}`, value === ALL ? "$__all" : value);
      });
    }
  }
  const range = RANGES.find(([text]) => text === query.get("range") || `now-${text}` === query.get("from"));
  state.range = range ? range[1] : 3600;
  picker("range", "Time", RANGES.map(([text, seconds]) => [`last ${text}`, String(seconds)]), String(state.range), (value) => {
    state.range = Number(value);
    remember("range", RANGES.find(([, seconds]) => seconds === state.range)[0]);
  });
  document.getElementById("theme").addEventListener("click", () => {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const now = document.documentElement.dataset.theme ?? (dark ? "dark" : "light");
    document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
    refresh(true);
  });
}

function build() {
  const main = document.getElementById("panels");
  const focus = Number(query.get("viewPanel"));
  for (const row of board.rows) {
    let grid = element("div", "grid");
    if (row.title) {
      const details = element("details", "row");
      details.open = !row.collapsed || row.panels.some((panel) => panel.id === focus);
      details.append(element("summary", "", row.title), grid);
      details.addEventListener("toggle", () => refresh(true));
      main.append(details);
    } else {
      main.append(grid);
    }
    grid.append(...row.panels.map(card));
  }
  if (focus) document.getElementById(`panel-${focus}`)?.scrollIntoView({ block: "center" });
}

function card(panel) {
  const form = { pie: "lines", heatmap: "lines", states: "lines" }[panel.look] ?? panel.look;
  const made = element("section", `panel ${form}`);
  made.id = `panel-${panel.id}`;
  const about = element("details");
  about.append(element("summary", "", "about"), element("p", "", panel.text));
  for (const entry of panel.queries) about.append(element("code", "", entry.expr));
  for (const link of panel.links) {
    const anchor = element("a", "", link.title);
    anchor.href = link.url;
    anchor.rel = "noopener";
    about.append(anchor, element("br"));
  }
  made.append(element("h2", "", panel.title), about, element("div", "fault"), element("div", "body"));
  return made;
}

async function show(panel) {
  const made = document.getElementById(`panel-${panel.id}`);
  const [fault, body] = [made.querySelector(":scope > .fault"), made.querySelector(":scope > .body")];
  try {
    const answers = await ask(panel, state);
    state.answered = Date.now();
    plots.get(panel.id)?.destroy();
    plots.delete(panel.id);
    body.replaceChildren();
    fault.textContent = "";
    made.classList.remove("stale");
    if (answers.every(({ result }) => !result.length)) {
      const why = panel.queries.map((entry) => entry.empty).find(Boolean);
      body.append(element("div", "none", why ? `No data: ${why}.` : "No data"));
    } else {
      const plot = DRAW[panel.look](body, panel, answers);
      if (plot) plots.set(panel.id, plot);
    }
    made.dataset.shown = answers.reduce((sum, { result }) => sum + result.length, 0);
    return "";
  } catch (error) {
    made.classList.add("stale"); // what is drawn is old; it must not pass for the present
    if (error.refused) fault.textContent = `Prometheus refuses this: ${error.message}`;
    return error.refused ? "" : error.message;
  }
}

async function firing() {
  const list = document.getElementById("firing");
  const found = await call("query", { query: filled(board.firing, { interval: 60 }, state) }, state).catch(() => null);
  if (!found) return;
  const levels = { P0: "critical", P1: "warning" };
  const told = found.map(({ metric }) => [metric.severity ?? "", metric.alertname ?? ""].join(" "));
  const names = [...new Set(told)].sort();
  list.replaceChildren(...names.map((name) => element("li", levels[name.slice(0, 2)] ?? "info", name)));
  if (!names.length) list.append(element("li", "good", "no alert fires"));
}

let running = false;

async function refresh(now) {
  if (running && !now) return; // the answers of the last round are still on their way
  running = true;
  const open = board.rows.filter((row, index) => !row.title || document.querySelectorAll("details.row")[titled(index)].open);
  const faults = await Promise.all([...open.flatMap((row) => row.panels).map(show), firing().then(() => "")]);
  const broken = faults.find(Boolean);
  const told = document.getElementById("state");
  const since = state.answered ? `, and last did at ${new Date(state.answered).toLocaleTimeString()}` : "";
  told.className = broken ? "broken" : "";
  told.textContent = broken
    ? `${state.prometheus} does not answer${since} (${broken}). What is shown is old.`
    : `${state.prometheus}, asked at ${new Date().toLocaleTimeString()}, again every 5 s`;
  running = false;
}

const titled = (index) => board.rows.slice(0, index).filter((row) => row.title).length;

pickers();
build();
refresh();
setInterval(() => document.hidden || refresh(), EVERY);
addEventListener("resize", () => refresh(true));
