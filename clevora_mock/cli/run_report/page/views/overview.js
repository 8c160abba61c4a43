// The overview: the verdict, sums, and what is first in need of a look.
import { html } from "../../../../control/console/html.js";
import { count, dollars, duration, plural, visible } from "../../../../control/console/format.js";
import { Badge, Empty, Status } from "../../../../control/console/parts/badge.js";
import { Bars, Figure } from "../../../../control/console/parts/bars.js";
import { EntryLink, shareText, TestLink } from "../marks.js";
import { failed, faults, findings, isError, NOUN, partsOf, pluralTests, reasonOf, requests, run, spendBy, spent, tests, wasted, wasteByKind } from "../run.js";

const MOST = 6;

export const OverviewView = () => html`
  <div class="view">
    <${Verdict} />
    <${Figures} />
    ${run.notes.map((note) => html`<p class="callout info">${visible(note)}</p>`)}
    <div class="columns">
      <div>
        ${failed.length > 0 && html`<${Failures} />`}
        <${SpendByTest} />
        ${wasted > 0 && html`<${Wasted} />`}
      </div>
      <div>
        <${SpendByEndpoint} />
        ${faults.length > 0 && html`<${Faults} />`}
        <${Slowest} />
      </div>
    </div>
  </div>
`;

const Verdict = () => html`
  <section class=${`verdict ${run.verdict.tone}`} aria-label="Verdict">
    <h1>${run.verdict.word}</h1>
    <p>${run.verdict.reasons.length ? `${capital(visible(run.verdict.reasons.join("; ")))}.` : `Nothing failed, and there is nothing to find fault with in how the client behaved.`}</p>
  </section>
`;

const capital = (text) => text[0].toUpperCase() + text.slice(1);

function Figures() {
  const skipped = tests.filter((test) => test.outcome === "skipped").length;
  const errors = requests.filter(isError).length;
  const omitted = tests.reduce((number, test) => number + test.omitted, 0);
  const faulty = faults.reduce((number, group) => number + group.entries.length, 0);
  const recovered = faults.reduce((number, group) => number + group.recovered, 0);
  const money = [run.budget !== null && `of ${dollars(run.budget)}`, run.baseline && `${run.baseline.change} since the baseline`];
  const outcomes = NOUN === "sandbox" ? "of one server" : [failed.length && `${count(failed.length)} failed`, skipped && `${count(skipped)} skipped`].filter(Boolean).join(", ") || "all passed";
  return html`
    <div class="figures">
      <${Figure} label=${NOUN === "test" ? "Tests" : "Sandboxes"} value=${count(tests.length)} note=${outcomes} tone=${failed.length ? "bad" : ""} />
      <${Figure} label="Requests" value=${count(requests.length + omitted)} note=${`${plural(errors, "error")} among them`} />
      <${Figure} label="Spent" value=${dollars(spent)} note=${money.filter(Boolean).join(", ") || "in the mock's dollars"} tone=${run.isOver ? "bad" : ""} />
      <${Figure} label="Wasted" value=${dollars(wasted)} note=${shareText(wasted, spent)} tone=${wasted ? "warn" : ""} />
      <${Figure} label="Faults" value=${count(faulty)} note=${faulty ? `${count(recovered)} answered after a retry` : "no rule had one"} />
      <${Figure} label="Findings" value=${count(findings.length)} note=${findings.length ? "about the client" : "a client that behaves"} tone=${findings.length ? "warn" : ""} />
    </div>
  `;
}

const Failures = () => html`
  <section class="card">
    <h2>Failed tests</h2>
    <ul class="rows">
      ${failed.slice(0, MOST).map((test) => html`
        <li><${TestLink} test=${test} /><code class="reason">${visible(reasonOf(test))}</code></li>
      `)}
    </ul>
    <${More} number=${failed.length} address="#/tests" />
  </section>
`;

const More = ({ number, address }) => number > MOST && html`<p><a href=${address}>All ${count(number)}</a></p>`;

function SpendByTest() {
  const paid = tests.filter((test) => test.spent > 0).sort((one, other) => other.spent - one.spent);
  const rows = paid.slice(0, MOST).map((test) => ({
    name: html`<a class="plain-link" href=${`#/tests/${test.index}`}>${visible(partsOf(test.name).own)}</a>`,
    value: test.spent,
    note: test.change,
  }));
  return html`
    <section class="card">
      <h2>Spend by ${NOUN}</h2>
      ${rows.length ? html`<${Bars} rows=${rows} format=${dollars} />` : html`<${Empty} title="Nothing spent" />`}
      <${More} number=${paid.length} address="#/spend" />
    </section>
  `;
}

function SpendByEndpoint() {
  const rows = spendBy("endpoint").map((group) => ({
    name: visible(group.name ?? "none"),
    value: group.dollars,
    note: `${count(group.requests)} × · ${count(group.tokens)} tokens`,
  }));
  return html`
    <section class="card">
      <h2>Spend by endpoint</h2>
      ${rows.length ? html`<${Bars} rows=${rows} format=${dollars} />` : html`<${Empty} title="Nothing spent" />`}
    </section>
  `;
}

export const WASTE = {
  billed_retry: "billed, lost, and asked again",
  unread_stream: "streams left unread",
  asked_twice: "the same asked twice",
  embedded_twice: "the same text embedded twice",
};

export const wasteName = (kind) => WASTE[kind] ?? visible(kind).replaceAll("_", " ");

const Wasted = () => html`
  <section class="card">
    <h2>Wasted</h2>
    <${Bars} format=${dollars} rows=${wasteByKind().map((one) => ({ name: wasteName(one.kind), value: one.dollars, note: plural(one.requests, "request") }))} />
  </section>
`;

const Faults = () => html`
  <section class="card">
    <h2>Faults</h2>
    <ul class="rows">
      ${faults.slice(0, MOST).map((group) => html`
        <li class="row-line">
          <${Status} status=${group.status} />
          <bdi class="grow clip">${visible(group.rule ?? group.fault ?? "a header")}</bdi>
          ${group.fault && group.rule && html`<${Badge} tone="bad" title="Fault">${visible(group.fault)}<//>`}
          <span class="dim">${count(group.entries.length)} × in ${pluralTests(group.tests.size)}</span>
        </li>
      `)}
    </ul>
    <p><a href="#/faults">What came of them</a></p>
  </section>
`;

function Slowest() {
  const slow = [...requests].sort((one, other) => other.latencyMs - one.latencyMs).slice(0, MOST);
  return html`
    <section class="card">
      <h2>Slowest requests</h2>
      ${slow.length
        ? html`<ul class="rows">${slow.map((entry) => html`
            <li class="row-line"><span class="grow clip"><${EntryLink} entry=${entry} /></span><span class="number">${duration(entry.latencyMs)}</span></li>
          `)}</ul>`
        : html`<${Empty} title="No requests"><p>Did the program use CLEVORA_BASE_URL?</p><//>`}
    </section>
  `;
}
