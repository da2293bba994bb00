// The page of a demo: what runs, who was notified, and a button for every alert. Names and texts are shown as text only.
const EVERY = 1500; // milliseconds
const PATIENCE = 10000;
const MESSAGES = new Set(["notified", "resolved"]);
const at = (id) => document.getElementById(id);
let scale = 60;

function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function link(text, url) {
  const made = element("a", "", text);
  if (/^(https?:|\/)/.test(url)) made.href = url;
  return made;
}

async function ask(path, method = "GET", body = undefined) {
  const headers = body ? { "Content-Type": "application/json" } : {};
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(PATIENCE) });
  if (answer.status === 204) return {};
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error);
  return found;
}

async function act(path, method, body) {
  at("refused").textContent = "";
  try {
    await ask(path, method, body);
  } catch (error) {
    at("refused").textContent = error.message;
    at("refused").scrollIntoView({ block: "nearest" });
  }
  await refresh();
}

function button(text, label, action) {
  const made = element("button", "", text);
  made.type = "button";
  made.setAttribute("aria-label", label);
  made.addEventListener("click", async () => {
    made.disabled = true;
    await action();
    made.disabled = false;
  });
  return made;
}

function row(...parts) {
  const made = element("div", "row");
  made.append(...parts);
  return made;
}

function named(severity, name) {
  const made = element("div");
  made.append(element("span", "severity", severity), element("span", "name", name));
  return made;
}

function faultItem(fault) {
  const item = element("li", fault.severity);
  const words = named(fault.severity, fault.alert);
  words.append(element("div", "faint", `${fault.summary}. Ends in ${Math.ceil(fault.seconds_left)} s.`));
  item.append(row(words, button("Clear", `Clear ${fault.alert}`, () => act(`/faults/${fault.id}`, "DELETE"))));
  return item;
}

function eventItem(event) {
  const item = element("li", event.kind);
  const when = new Date(event.at * 1000).toLocaleTimeString();
  item.append(element("div", "faint", `${when} ${event.kind} ${event.who}`), element("div", "", event.text));
  for (const [name, url] of Object.entries(event.links)) item.append(link(name, url));
  return item;
}

// Only what differs is drawn, so that nobody's button vanishes under the finger.
function fill(list, keys, items, none) {
  const wanted = JSON.stringify(keys);
  if (list.dataset.shown === wanted) return;
  list.dataset.shown = wanted;
  list.replaceChildren(...(items.length ? items : [element("li", "none", none)]));
}

function alertItem(alert) {
  const item = element("li", alert.severity);
  item.dataset.words = `${alert.id} ${alert.summary} ${alert.severity}`.toLowerCase();
  const words = named(alert.severity, alert.name);
  words.append(element("p", "", `${alert.summary}.`));
  words.append(element("p", "faint", alert.without ? `Not here: ${alert.without}.` : `Notifies ${alert.notifies.join(", ")}`));
  const links = element("p", "faint");
  links.append(link("Runbook", alert.runbook), " · ", link("Panel", alert.panel));
  words.append(links);
  const inject = () => act("/faults", "POST", { alert: alert.id, ttl: at("ttl").value });
  item.append(alert.without ? words : row(words, button("Inject", `Inject ${alert.id}`, inject)));
  item.title = alert.fires;
  return item;
}

function show(stack) {
  scale = stack.scale;
  const boards = element("select");
  boards.setAttribute("aria-label", "Boards");
  boards.append(new Option("Boards …", ""), ...stack.boards.map((board) => new Option(board.title, board.url)));
  boards.addEventListener("change", () => {
    if (boards.value) location.href = boards.value;
  });
  const rest = [["Runbooks", "/site/index.html"], ["Prometheus", stack.prometheus], ["Alertmanager", stack.alertmanager]];
  at("links").append(boards, ...rest.map(([text, url]) => link(text, url)));
  for (const service of stack.services) {
    const made = element("details", "service");
    const list = element("ul");
    list.append(...service.alerts.map(alertItem));
    made.append(element("summary", "", `${service.title} (${service.alerts.length})`), list);
    at("services").append(made);
  }
}

function search() {
  const words = at("find").value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  for (const service of document.querySelectorAll(".service")) {
    const items = [...service.querySelectorAll("li")];
    for (const item of items) item.hidden = !words.every((word) => item.dataset.words.includes(word));
    service.hidden = items.every((item) => item.hidden);
    service.open = words.length > 0;
  }
}

async function refresh() {
  try {
    const [{ faults }, { events, firing }] = await Promise.all([ask("/faults"), ask("/events")]);
    const wanted = at("all").checked ? events : events.filter((event) => MESSAGES.has(event.kind));
    fill(at("faults"), faults.map((fault) => [fault.id, Math.ceil(fault.seconds_left)]), faults.map(faultItem), "None.");
    fill(at("firing"), firing, firing.map((name) => element("li", "", name)), "Nothing.");
    fill(at("events"), wanted.map((event) => event.at + event.who), wanted.map(eventItem), "Nothing yet. Inject a fault.");
    at("state").className = "";
    at("state").textContent = `An hour passes in ${Math.round(3600 / scale)} s. Asked at ${new Date().toLocaleTimeString()}.`;
  } catch (error) {
    at("state").className = "broken";
    at("state").textContent = `The demo does not answer (${error.message}). What is shown is old.`;
  }
}

async function begin() {
  try {
    show(await ask("/stack"));
  } catch (error) {
    at("state").textContent = error.message;
    setTimeout(begin, EVERY);
    return;
  }
  at("find").addEventListener("input", search);
  at("all").addEventListener("change", refresh);
  await refresh();
  setInterval(refresh, EVERY);
}

begin();
