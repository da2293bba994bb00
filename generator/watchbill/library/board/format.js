// How values read. Each unit is a function of a number; labels never come near HTML.
const SECONDS = { us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600, d: 86400 };

function digits(value) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e6)) return value.toExponential(2);
  return String(Number(value.toPrecision(size >= 100 ? 4 : 3)));
}

// Of objectives, what is missing from 100% counts: 99.99% must not read as 100%.
const share = (percent) => (percent > 99 && percent < 100 ? String(Number(percent.toFixed(3))) : digits(percent));

function duration(seconds) {
  const size = Math.abs(seconds);
  if (size === 0) return "0 s";
  if (size < 0.001) return `${digits(seconds * 1e6)} µs`;
  if (size < 1) return `${digits(seconds * 1e3)} ms`;
  if (size < 120) return `${digits(seconds)} s`;
  if (size < 7200) return `${digits(seconds / 60)} min`;
  if (size < 172800) return `${digits(seconds / 3600)} h`;
  return `${digits(seconds / 86400)} d`;
}

function bytes(value) {
  const names = ["B", "KiB", "MiB", "GiB", "TiB"];
  let rest = value;
  while (Math.abs(rest) >= 1024 && names.length > 1) {
    rest /= 1024;
    names.shift();
  }
  return `${digits(rest)} ${names[0]}`;
}

function short(value) {
  const size = Math.abs(value);
  if (size >= 1e9) return `${digits(value / 1e9)} G`;
  if (size >= 1e6) return `${digits(value / 1e6)} M`;
  if (size >= 1e4) return `${digits(value / 1e3)} k`;
  return digits(value);
}

function shown(value, unit) {
  if (!Number.isFinite(value)) return "no number";
  if (unit === "ratio") return `${share(value * 100)}%`;
  if (unit === "%") return `${digits(value)}%`;
  if (unit in SECONDS) return duration(value * SECONDS[unit]);
  if (unit === "B") return bytes(value);
  return `${short(value)}${unit}`;
}

const clock = (milliseconds) => new Date(milliseconds).toTimeString().slice(0, 8);

// The level of a value: the worst line that it is beyond; good where there are lines and it is beyond none.
const LEVELS = ["goal", "good", "info", "warning", "critical"];

function level(value, lines) {
  const limits = lines.filter((line) => line.level !== "goal");
  if (!limits.length || !Number.isFinite(value)) return "";
  const beyond = limits.filter((line) => (line.direction === "above" ? value >= line.value : value < line.value));
  const ranks = beyond.map((line) => LEVELS.indexOf(line.level));
  return LEVELS[Math.max(LEVELS.indexOf("good"), ...ranks)];
}

function named(legend, labels) {
  const text = legend.replace(/{{\s*(\w+)\s*}}/g, (_, label) => labels[label] ?? "");
  return text.trim() || Object.entries(labels).map(([key, value]) => `${key}=${value}`).join(" ") || "value";
}
