// The ledger: each change of a balance, with the balance after it; and what was spent by endpoint and over time.
import { html } from "../html.js";
import { count, dateTime, dollars, visible } from "../format.js";
import { Badge } from "./badge.js";
import { Table } from "./table.js";

const TONES = { credit: "good", charge: "plain", adjustment: "info" };

const signed = (entry) => (entry.type === "charge" ? -entry.amount : entry.amount);

const COLUMNS = [
  { name: "at", label: "Time", cell: (entry) => html`<time datetime=${entry.createdAt}>${dateTime(entry.createdAt)}</time>` },
  { name: "type", label: "Type", cell: (entry) => html`<${Badge} tone=${TONES[entry.type]}>${entry.type}<//>` },
  { name: "for", label: "For", cell: (entry) => visible(entry.endpoint ?? "") },
  { name: "tokens", label: "Tokens", className: "number", cell: (entry) => count(entry.tokens || null) },
  {
    name: "amount",
    label: "Amount",
    className: "number",
    cell: (entry) => html`<span class=${signed(entry) > 0 ? "plus" : ""}>${signed(entry) > 0 ? "+" : ""}${dollars(signed(entry))}</span>`,
  },
  { name: "balance", label: "Balance", className: "number", cell: (entry) => html`<strong>${dollars(entry.balanceAfter)}</strong>` },
];

/** Entries of a ledger, the newest first. */
export const LedgerTable = ({ entries, height = "420px" }) => html`
  <${Table} label="Ledger" columns=${COLUMNS} rows=${entries} keyOf=${(entry) => entry.id} height=${height} />
`;

/** Return what was spent on each endpoint: {name, value, note}. */
export function spendByEndpoint(entries) {
  const sums = new Map();
  for (const { type, endpoint, amount, tokens } of entries) {
    if (type !== "charge") continue;
    const sum = sums.get(endpoint) ?? { name: visible(endpoint), micros: 0, requests: 0, tokens: 0 };
    sum.micros += Math.round(amount * 1e6);
    sum.requests += 1;
    sum.tokens += tokens;
    sums.set(endpoint, sum);
  }
  return [...sums.values()].map((sum) => ({
    name: sum.name,
    value: sum.micros / 1e6,
    note: `${count(sum.requests)} × · ${count(sum.tokens)} tokens`,
  }));
}

const STEPS = [1, 5, 15, 60, 300, 900, 3600, 6 * 3600, 86_400, 7 * 86_400, 30 * 86_400].map((seconds) => seconds * 1000);
const MAX_BARS = 60;

/** Return what was spent over time: {times, values, step}, in at most sixty bars of a round width. */
export function spendOverTime(entries) {
  const charges = entries.filter((entry) => entry.type === "charge");
  if (!charges.length) return { times: [], values: [], step: 1000 };
  const at = charges.map((entry) => Date.parse(entry.createdAt));
  const first = at.reduce((one, other) => Math.min(one, other));
  const last = at.reduce((one, other) => Math.max(one, other));
  const step = STEPS.find((one) => (last - first) / one < MAX_BARS - 12) ?? STEPS.at(-1);
  const start = Math.floor(first / step) * step;
  // A few bars at least, so that one minute does not fill the whole width.
  const bars = Math.min(1000, Math.max(12, Math.floor(last / step) - start / step + 1));
  const micros = new Array(bars).fill(0);
  charges.forEach((entry, index) => {
    const bar = Math.min(bars - 1, Math.floor((at[index] - start) / step));
    micros[bar] += Math.round(entry.amount * 1e6);
  });
  return { times: micros.map((_, index) => start + index * step), values: micros.map((sum) => sum / 1e6), step };
}
