// The run's money: by test with the change since the baseline, by endpoint, rule and key, and what was wasted.
import { html } from "../../../../control/console/html.js";
import { count, dollars, plural, visible } from "../../../../control/console/format.js";
import { Empty } from "../../../../control/console/parts/badge.js";
import { Bars, Figure } from "../../../../control/console/parts/bars.js";
import { shareText, TestTable } from "../marks.js";
import { NOUN, run, spendBy, spent, tests, wasted, wasteByKind } from "../run.js";
import { wasteName } from "./overview.js";

const mostExpensive = [...tests].filter((test) => test.spent > 0 || test.before).sort((one, other) => other.spent - one.spent);
const COLUMNS = ["outcome", "test", "requests", "wasted", "spent", "change"];

export function SpendView() {
  const without = [NOUN === "sandbox" && "outcome", !run.baseline && "change"];
  return html`
    <div class="view">
      <div class="view-head"><h1>Spend</h1></div>
      <div class="figures">
        <${Figure} label="Spent" value=${dollars(spent)} note=${plural(tests.reduce((sum, test) => sum + test.requests.length + test.omitted, 0), "request")} tone=${run.isOver ? "bad" : ""} />
        ${run.baseline && html`<${Figure} label="Since the baseline" value=${run.baseline.change} note=${`${dollars(run.baseline.spent)} in ${visible(run.baseline.name)}`} />`}
        ${run.budget !== null && html`<${Figure} label="Budget" value=${dollars(run.budget)} note=${run.isOver ? "passed" : `${dollars(Math.round((run.budget - spent) * 1e6) / 1e6)} left`} tone=${run.isOver ? "bad" : ""} />`}
        <${Figure} label="Wasted" value=${dollars(wasted)} note=${shareText(wasted, spent)} tone=${wasted ? "warn" : ""} />
      </div>
      <section class="card flush">
        <h2>By ${NOUN}</h2>
        <${TestTable} rows=${mostExpensive} names=${COLUMNS.filter((name) => !without.includes(name))} height="444px"><${Empty} title="Nothing spent" /><//>
      </section>
      <div class="columns">
        <div><${Groups} grouping="endpoint" /><${Waste} /><${Gone} /></div>
        <div><${Groups} grouping="rule" /><${Groups} grouping="key" /></div>
      </div>
    </div>
  `;
}

const Groups = ({ grouping }) => html`
  <section class="card">
    <h2>By ${grouping}</h2>
    <${Bars} format=${dollars} rows=${spendBy(grouping).slice(0, 30).map((group) => ({
      name: visible(group.name ?? `no ${grouping}`),
      value: group.dollars,
      note: `${count(group.requests)} × · ${count(group.tokens)} tokens`,
    }))} />
  </section>
`;

const Waste = () => wasted > 0 && html`
  <section class="card">
    <h2>Wasted</h2>
    <${Bars} format=${dollars} rows=${wasteByKind().map((one) => ({ name: wasteName(one.kind), value: one.dollars, note: plural(one.requests, "request") }))} />
  </section>
`;

const Gone = () => run.baseline?.gone.length > 0 && html`
  <section class="card">
    <h2>In the baseline alone</h2>
    <${Bars} format=${dollars} rows=${run.baseline.gone.slice(0, 30).map((one) => ({ name: visible(one.name), value: one.spent }))} />
  </section>
`;
