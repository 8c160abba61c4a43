// The tests of the run: filtered, sorted, each leading to its own page.
import { computed, html, signal } from "../../../../control/console/html.js";
import { count } from "../../../../control/console/format.js";
import { Empty } from "../../../../control/console/parts/badge.js";
import { Choice } from "../../../../control/console/parts/choice.js";
import { TestTable } from "../marks.js";
import { NOUN, pluralTests, run, sum, tests } from "../run.js";

const NO_FILTER = { text: "", outcome: "", has: "" };
const filter = signal(NO_FILTER);
const order = signal("");

const HAS = {
  findings: ["findings", (test) => test.findings.length > 0],
  faults: ["faults", (test) => test.faults.length > 0],
  errors: ["errors", (test) => test.errors > 0],
  waste: ["waste", (test) => test.wasted > 0],
  change: ["a change of spend", (test) => test.before !== test.spent],
  over: ["a budget passed", (test) => test.isOver],
};

const change = (test) => sum([test.spent, -(test.before ?? 0)]);

const ORDERS = {
  failed: ["failed first", (one, other) => other.isFailed - one.isFailed],
  spent: ["most expensive", (one, other) => other.spent - one.spent],
  change: ["largest change", (one, other) => Math.abs(change(other)) - Math.abs(change(one))],
  waste: ["most wasted", (one, other) => other.wasted - one.wasted],
  requests: ["most requests", (one, other) => other.requests.length - one.requests.length],
  findings: ["most findings", (one, other) => other.findings.length - one.findings.length],
  waited: ["slowest", (one, other) => other.waited - one.waited],
};

const shown = computed(() => {
  const { text, outcome, has } = filter.value;
  const wanted = text.trim().toLowerCase();
  const found = tests.filter(
    (test) =>
      (!wanted || `${test.name}\n${test.sandbox}\n${test.failure ?? ""}`.toLowerCase().includes(wanted)) &&
      (!outcome || test.outcome === outcome) &&
      (!has || HAS[has][1](test)),
  );
  return order.value ? found.sort(ORDERS[order.value][1]) : found;
});

export function TestsView() {
  const set = (name) => (event) => (filter.value = { ...filter.value, [name]: event.target.value });
  const isFiltered = Object.values(filter.value).some(Boolean);
  const without = [NOUN === "sandbox" && "outcome", !run.baseline && "change"];
  const names = ["outcome", "test", "requests", "errors", "faults", "findings", "wasted", "spent", "change"];
  const options = (choices) => Object.entries(choices).filter(([name]) => run.baseline || name !== "change").map(([name, [label]]) => [name, label]);
  return html`
    <div class="split">
      <section class="list" aria-label=${`List of ${NOUN}s`}>
        <h1 class="hidden">${NOUN === "test" ? "Tests" : "Sandboxes"}</h1>
        <div class="toolbar" role="search" aria-label="Filter the list">
          <input type="search" aria-label="Text" placeholder="Name or failure" value=${filter.value.text} onInput=${set("text")} />
          ${NOUN === "test" && html`<${Choice} label="Outcome" any="any outcome" value=${filter.value.outcome} onChange=${set("outcome")} options=${["passed", "failed", "skipped"]} />`}
          <${Choice} label="With" any="with anything" value=${filter.value.has} onChange=${set("has")} options=${options(HAS).map(([name, label]) => [name, `with ${label}`])} />
          <${Choice} label="Order" any="by name" value=${order.value} onChange=${(event) => (order.value = event.target.value)} options=${options(ORDERS)} />
          ${isFiltered && html`<button type="button" class="button small" onClick=${() => (filter.value = NO_FILTER)}>Clear</button>`}
          <span class="grow"></span>
          <span class="dim count" role="status">${isFiltered ? `${count(shown.value.length)} of ` : ""}${pluralTests(tests.length)}</span>
        </div>
        <${TestTable} rows=${shown.value} names=${names.filter((name) => !without.includes(name))}>
          <${Empty} title=${tests.length ? `No ${NOUN} passes the filters` : `No ${NOUN} had a sandbox`} />
        <//>
      </section>
    </div>
  `;
}
