// The page: its pickers, its panels, and the loop that asks anew every five seconds.
const ALL = "\u0000all";
const EVERY = 5000; // milliseconds
const RANGES = [["5m", 300], ["15m", 900], ["1h", 3600], ["6h", 21600], ["1d", 86400], ["7d", 604800], ["30d", 2592000]];
const board = JSON.parse(document.getElementById("dashboard").textContent);
const query = new URLSearchParams(location.search);
const state = { range: 3600, chosen: {}, prometheus: source(), answered: 0, round: 0 };
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

// Another board, or a panel of one, with what is chosen here.
function link(title, page, panel) {
  const made = element("a", "", title);
  const kept = new URLSearchParams(location.search);
  kept.delete("viewPanel");
  if (panel) kept.set("viewPanel", panel);
  made.href = `${page}?${kept}`;
  return made;
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
      details.addEventListener("toggle", () => details.open && row.panels.forEach((panel) => show(panel, state.round)));
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
  made.append(element("h2", "", panel.title), about, element("p", "alarm"), element("div", "fault"), element("div", "body"));
  return made;
}

async function show(panel, round) {
  const made = document.getElementById(`panel-${panel.id}`);
  const [fault, body] = [made.querySelector(":scope > .fault"), made.querySelector(":scope > .body")];
  try {
    const answers = await ask(panel, state);
    if (round !== state.round) return ""; // of what is no longer chosen, such as another environment
    if (!state.answered) performance.mark("first data");
    state.answered = Date.now();
    draw(panel, body, answers);
    fault.textContent = "";
    made.classList.remove("stale");
    made.dataset.shown = answers.reduce((sum, { result }) => sum + result.length, 0);
    return "";
  } catch (error) {
    if (round !== state.round) return "";
    made.classList.add("stale"); // what is drawn is old; it must not pass for the present
    if (error.refused) fault.textContent = `Prometheus refuses this: ${error.message}`;
    return error.refused ? "" : error.message;
  }
}

function draw(panel, body, answers) {
  const scrolled = body.querySelector(".legend")?.scrollTop ?? 0;
  plots.get(panel.id)?.destroy();
  plots.delete(panel.id);
  body.replaceChildren();
  if (answers.every(({ result }) => !result.length)) {
    const why = panel.queries.map((entry) => entry.empty).find(Boolean);
    body.append(element("div", "none", why ? `No data: ${why}.` : "No data"));
    return;
  }
  const plot = DRAW[panel.look](body, panel, answers);
  if (plot) plots.set(panel.id, plot);
  if (scrolled) body.querySelector(".legend")?.scrollTo(0, scrolled);
}

const URGENCY = { P0: "critical", P1: "warning", Info: "info" }; // the most urgent first

async function firing(round) {
  const list = document.getElementById("firing");
  const ask = (expr) => call("query", { query: filled(expr, { interval: 60 }, state) }, state).catch(() => null);
  const found = await ask(board.firing);
  const quiet = found?.length === 0 && (!board.heartbeat || (await ask(board.heartbeat))?.length > 0);
  if (round !== state.round) return;
  list.classList.toggle("stale", !found);
  if (!found) return;
  const alerts = new Map(found.map(({ metric }) => [`${metric.service}/${metric.alertname}`, metric]));
  const rank = ([, { severity }]) => Object.keys(URGENCY).indexOf(severity);
  const sorted = [...alerts].sort((a, b) => rank(a) - rank(b) || (a[0] < b[0] ? -1 : 1));
  list.replaceChildren(...sorted.map(([alert, metric]) => firingItem(alert, metric)));
  if (quiet) list.append(element("li", "good", "no alert fires"));
  else if (!sorted.length) list.append(element("li", "critical", "the alert that always fires does not: no rules are evaluated"));
  for (const panel of board.rows.flatMap((row) => row.panels)) {
    const here = sorted.filter(([alert]) => panel.alerts.includes(alert));
    const alarm = document.querySelector(`#panel-${panel.id} > .alarm`);
    alarm.className = `alarm ${URGENCY[here[0]?.[1].severity] ?? ""}`;
    alarm.textContent = here.length ? `fires: ${here.map(([, metric]) => `${metric.severity} ${metric.alertname}`).join(", ")}` : "";
  }
}

function firingItem(alert, { severity, alertname }) {
  const made = element("li", URGENCY[severity] ?? "info");
  const text = `${severity ?? ""} ${board.service ? alertname : alert}`;
  const lead = Object.hasOwn(board.leads, alert) ? board.leads[alert] : null;
  made.append(lead ? link(text, ...lead) : text);
  return made;
}

let running = false;

async function refresh(now) {
  if (running && !now) return; // the answers of the last round are still on their way
  running = true;
  state.round += 1;
  const round = state.round;
  const open = board.rows.filter((row, index) => !row.title || document.querySelectorAll("details.row")[titled(index)].open);
  const asked = open.flatMap((row) => row.panels).map((panel) => show(panel, round));
  const faults = await Promise.all([...asked, firing(round).then(() => "")]);
  if (round !== state.round) return; // another has begun, since something else was chosen
  tell(faults.find(Boolean));
  document.getElementById("near").replaceChildren(...board.near.map(({ title, page }) => link(title, page)), link("All boards", "index.html"));
  running = false;
}

function tell(broken) {
  const made = document.getElementById("state");
  const since = state.answered ? `, and last did at ${clock(state.answered)}` : "";
  made.className = broken ? "broken" : "";
  made.textContent = broken
    ? `${state.prometheus} does not answer${since} (${broken}). What is shown is old.`
    : `${state.prometheus}, asked at ${clock(Date.now())}, again every 5 s`;
}

const titled = (index) => board.rows.slice(0, index).filter((row) => row.title).length;

pickers();
build();
refresh();
setInterval(() => document.hidden || refresh(), EVERY);

let [width, settled] = [innerWidth, 0]; // a phone's height changes with every scroll
addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  clearTimeout(settled);
  settled = setTimeout(() => refresh(true), 200);
});
