// Small marks that several views have: a test's outcome and name, a change of spend, the table of tests.
import { html } from "../../../control/console/html.js";
import { count, dollars, visible } from "../../../control/console/format.js";
import { Badge, Status } from "../../../control/console/parts/badge.js";
import { Table } from "../../../control/console/parts/table.js";
import { go } from "../../../control/console/place.js";
import { nameOf } from "../../../control/console/parts/requests.js";
import { partsOf, tests } from "./run.js";

const TONES = { passed: "good", failed: "bad", skipped: "plain" };

export const Outcome = ({ test }) =>
  test.outcome && html`<${Badge} tone=${TONES[test.outcome] ?? "bad"}>${visible(test.outcome)}<//>`;

/** A test's own name, and its file in a lighter ink. */
export function TestName({ test }) {
  const { own, file } = partsOf(test.name);
  return html`<bdi class="test-name">${visible(own)}</bdi>${file && html` <bdi class="dim">${visible(file)}</bdi>`}`;
}

export const testAddress = (test) => `#/tests/${test.index}`;
export const entryAddress = (entry) => `#/tests/${entry.test}/${entry.place}`;

export const TestLink = ({ test }) => html`<a class="plain-link" href=${testAddress(test)}><${TestName} test=${test} /></a>`;

/** A request by its status and name, with the test that sent it. */
export const EntryLink = ({ entry }) => html`
  <a class="plain-link" href=${entryAddress(entry)}>
    <${Status} status=${entry.status} /> <bdi>${visible(nameOf(entry))}</bdi> <bdi class="dim">${visible(partsOf(tests[entry.test].name).own)}</bdi>
  </a>
`;

/** Return a part of what was spent in words. */
export function shareText(part, whole) {
  if (!whole) return "nothing was spent";
  const percent = (100 * part) / whole;
  return `${part && percent < 1 ? "under 1" : Math.round(percent)} % of what was spent`;
}

/** A test's change of spend since the baseline. */
export const Change = ({ test }) => {
  const tone = test.change.startsWith("+") ? "up" : test.change.startsWith("-") ? "down" : "dim";
  return html`<span class=${`change ${tone}`}>${test.change}</span>`;
};

const dash = (number) => (number ? count(number) : "–");

const COLUMNS = [
  { name: "outcome", label: "Outcome", cell: (test) => html`<${Outcome} test=${test} />` },
  { name: "test", label: "Name", cell: (test) => html`<${TestName} test=${test} />` },
  { name: "requests", label: "Requests", className: "number", cell: (test) => dash(test.requests.length + test.omitted) },
  { name: "errors", label: "Errors", className: "number", cell: (test) => dash(test.errors) },
  { name: "faults", label: "Faults", className: "number", cell: (test) => dash(test.faults.length) },
  { name: "findings", label: "Findings", className: "number", cell: (test) => (test.findings.length ? html`<${Badge} tone="warn">${test.findings.length}<//>` : "–") },
  { name: "wasted", label: "Wasted", className: "number", cell: (test) => (test.wasted ? dollars(test.wasted) : "–") },
  { name: "spent", label: "Spent", className: "number", cell: (test) => html`<span class=${test.isOver ? "cost" : ""}>${test.spent ? dollars(test.spent) : "–"}</span>` },
  { name: "change", label: "Change", className: "number", cell: (test) => html`<${Change} test=${test} />` },
];

/** A table of tests, in which a row leads to the test; `names` are those of the columns, the first ones in CSS order. */
export const TestTable = ({ rows, names, children, height }) => html`
  <div class="tests" style=${{ "--columns": widths(names), "--narrow-columns": widths(names.filter((name) => NARROW.includes(name))) }}>
    <${Table}
      label="Tests" columns=${COLUMNS.filter((column) => names.includes(column.name))} rows=${rows} height=${height}
      keyOf=${(test) => test.index} onOpen=${(test) => go("tests", String(test.index))}
      rowClass=${(test) => (test.isFailed ? "failed" : "")}
    >${children}<//>
  </div>
`;

/** What a narrow window has room for. */
const NARROW = ["outcome", "test", "spent"];

const widths = (names) => names.map((name) => WIDTHS[name]).join(" ");

const WIDTHS = {
  outcome: "72px", test: "minmax(140px, 1fr)", requests: "72px", errors: "60px", faults: "60px", findings: "70px",
  wasted: "76px", spent: "84px", change: "150px",
};
