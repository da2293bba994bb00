// Asking Prometheus: what Grafana would put in for its variables, and answers that say what is wrong.
const PATIENCE = 10000; // milliseconds
const POINTS = 240; // of a time series, at most

function steps(panel, state) {
  const step = Math.max(panel.interval, Math.ceil(state.range / POINTS));
  return { step, window: Math.max(4 * panel.interval, step + panel.interval) };
}

// A value stands in a string of PromQL, and where it is matched by `=~`, in a regular expression.
const quoted = (value) => value.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n");
const literal = (value) => quoted(value.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));

function filled(expr, panel, state) {
  const { window } = steps(panel, state);
  const text = expr.replaceAll("$__rate_interval", `${window}s`).replaceAll("$__range", `${state.range}s`);
  return text.replace(/(=~?)"\$(\w+)"/g, (whole, operator, name) => {
    if (!(name in state.chosen)) return whole;
    const value = state.chosen[name];
    if (value === ALL) return `=~".*"`;
    return `${operator}"${operator === "=~" ? literal(value) : quoted(value)}"`;
  });
}

async function call(path, parameters, state) {
  const url = `${state.prometheus}/api/v1/${path}?${new URLSearchParams(parameters)}`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE), credentials: "same-origin" });
  const body = await answer.json().catch(() => null);
  if (body?.status === "success") return body.data.result;
  const fault = new Error(body?.error ?? `it answers ${answer.status} without a reason`);
  fault.refused = true; // it does answer, and says what is wrong with this query
  throw fault;
}

async function ask(panel, state) {
  const end = Date.now() / 1000;
  const { step } = steps(panel, state);
  const from = end - Math.floor(state.range / step) * step; // so that the last point is of now, not of up to a step ago
  const results = await Promise.all(
    panel.queries.map((query) => {
      const text = filled(query.expr, panel, state);
      if (query.instant || panel.look === "stat" || panel.look === "gauge" || panel.look === "states") {
        return call("query", { query: text, time: end.toFixed(3) }, state);
      }
      return call("query_range", { query: text, start: from.toFixed(3), end: end.toFixed(3), step }, state);
    }),
  );
  return results.map((result, index) => ({ query: panel.queries[index], result, step, from, end }));
}
