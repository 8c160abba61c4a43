// The list of requests: a row each, and what the filters look at.
import { html, useMemo } from "../html.js";
import { count, date, dateTime, dollars, duration, pretty, timeOfDay, visible } from "../format.js";
import { Badge, Source, Status } from "./badge.js";
import { Table } from "./table.js";

/** Return the model that a request asks for, "" for none. */
const modelOf = (entry) => (typeof entry.body?.model === "string" ? entry.body.model : "");
const isStream = (entry) => entry.body?.stream === true;

/** Return what a request is called: its endpoint, or method and path where there is none. */
export const nameOf = (entry) => entry.endpoint ?? `${entry.method} ${entry.path}`;

const COLUMNS = [
  { name: "time", label: "Time" },
  { name: "status", label: "Status", cell: (entry) => html`<${Status} status=${entry.status} />` },
  { name: "endpoint", label: "Endpoint" },
  {
    name: "model",
    label: "Model",
    cell: (entry) => html`
      ${isStream(entry) && html`<${Badge} tone="info">stream<//> `}<bdi>${visible(modelOf(entry)).slice(0, 60)}</bdi>
    `,
  },
  {
    name: "rule",
    label: "Rule",
    cell: (entry) => html`
      <bdi>${visible(entry.rule ?? "")}</bdi>${entry.fault && html` <${Badge} tone="bad" title="Fault">${visible(entry.fault)}<//>`}
    `,
  },
  {
    name: "tokens",
    label: "Tokens",
    className: "number",
    cell: (entry) => count(entry.promptTokens + entry.completionTokens || null),
  },
  { name: "cost", label: "Cost", className: "number", cell: (entry) => (entry.cost ? dollars(entry.cost) : "–") },
  { name: "latency", label: "Latency", className: "number", cell: (entry) => duration(entry.latencyMs) },
];

const NONE = new Map();

const idOf = (entry) => entry.id;

/**
 * The requests in `rows`; `findings` are a map of each one's findings by its `keyOf`, `own` the keys of the console's
 * requests. Ids are unique in a sandbox alone.
 */
export function RequestTable({ rows, open, onOpen, findings = NONE, own = NONE, keyOf = idOf, height, children }) {
  // The date is there where it is not the newest request's.
  const today = rows.length ? date(rows[0].time) : "";
  const columns = useMemo(() => columnsFor(today, findings, own, keyOf), [today, findings, own, keyOf]);
  return html`
    <${Table}
      label="Requests" columns=${columns} rows=${rows} height=${height} open=${open} onOpen=${onOpen}
      keyOf=${keyOf} rowClass=${(entry) => (entry.abandoned ? "abandoned" : "")}
    >${children}<//>
  `;
}

function columnsFor(today, findings, own, keyOf) {
  const marks = (entry) => html`
    <${Source} source=${entry.source} />
    ${own.has(keyOf(entry)) && html` <${Badge} title="Sent by this console">console<//>`}
    ${findings.has(keyOf(entry)) && html` <${Badge} tone="warn" title="A finding is about it">finding<//>`}
  `;
  const cells = {
    time: (entry) => html`
      <time datetime=${entry.time}>${timeCell(entry.time, today)}</time>
    `,
    endpoint: (entry) => html`<bdi>${visible(nameOf(entry))}</bdi>${marks(entry)}`,
  };
  return COLUMNS.map((column) => ({ cell: cells[column.name], ...column }));
}

function timeCell(time, today) {
  const isToday = date(time) === today;
  const text = isToday ? timeOfDay(time) : dateTime(time).slice(5);
  const end = isToday ? 8 : 5;
  return html`${text.slice(0, end)}<span class="fraction">${text.slice(end)}</span>`;
}

const texts = new WeakMap();

/** Return everything of a request that can be read, in lower case, for a search. */
function textOf(entry) {
  let text = texts.get(entry);
  if (text === undefined) {
    const parts = [entry.id, entry.path, entry.query, entry.client, entry.message, entry.hint, entry.code, entry.rule];
    text = [...parts, entry.account, entry.response, pretty(entry.body)].filter(Boolean).join("\n").toLowerCase();
    texts.set(entry, text);
  }
  return text;
}

/** Return a function that tells whether an entry passes the filters: endpoint, status, key, rule, source, text; "" is any. */
export function passes({ endpoint, status, key, rule, source, text }) {
  const wanted = text.trim().toLowerCase();
  return (entry) =>
    (!endpoint || nameOf(entry) === endpoint) &&
    (!status || statusIs(entry.status, status)) &&
    (!key || entry.key === key) &&
    (!source || entry.source === source) &&
    (!rule || (rule === "any" ? entry.rule !== null : rule === "none" ? entry.rule === null : entry.rule === rule)) &&
    (!wanted || textOf(entry).includes(wanted));
}

function statusIs(status, wanted) {
  if (wanted === "none") return status === null;
  if (wanted === "error") return status === null || status >= 400;
  return wanted.endsWith("xx") ? Math.floor(status / 100) === Number(wanted[0]) : status === Number(wanted);
}
