// One test: its failure, its requests over time and in a list, and beside them an open request or what it came to.
import { html, useEffect } from "../../../../control/console/html.js";
import { count, dollars, duration, plural, visible } from "../../../../control/console/format.js";
import { Badge, Empty, toneOf } from "../../../../control/console/parts/badge.js";
import { Bars } from "../../../../control/console/parts/bars.js";
import { EntryPanel } from "../../../../control/console/parts/entry.js";
import { FindingCard } from "../../../../control/console/parts/finding.js";
import { nameOf, RequestTable } from "../../../../control/console/parts/requests.js";
import { go, place } from "../../../../control/console/place.js";
import { CopyActions } from "../copy_actions.js";
import { Change, Outcome, TestName } from "../marks.js";
import { findingsByRequest, keyOf, NOUN, reasonOf, run, tests } from "../run.js";
import { wasteName } from "./overview.js";

export function TestView() {
  const [index, at] = place.value.rest;
  const test = tests[Number(index)];
  const open = at === undefined ? undefined : test?.requests[Number(at)];
  const show = (entry) => go("tests", index, String(entry.place));
  const close = () => go("tests", index);
  useEffect(() => {
    const press = (event) => event.key === "Escape" && open && close();
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [open]);
  if (!test) return html`<div class="view"><${Empty} title=${`No such ${NOUN}`}><a href="#/tests">All of them</a><//></div>`;
  const showId = (id) => show(test.requests.find((entry) => entry.id === id) ?? test.requests[0]);
  return html`
    <div class=${`split test ${open ? "with-panel" : "with-summary"}`}>
      <section class="list" aria-label="The requests">
        <header class="test-head">
          <p><a href="#/tests">‹ ${NOUN === "test" ? "All tests" : "All sandboxes"}</a></p>
          <h1><${Outcome} test=${test} /> <${TestName} test=${test} /></h1>
          ${test.failure !== null && html`<${Failure} test=${test} />`}
          <${Timeline} test=${test} open=${open} onOpen=${show} />
        </header>
        <${RequestTable}
          rows=${test.requests} open=${open && keyOf(open)} onOpen=${show} keyOf=${keyOf} findings=${findingsByRequest}
        ><${Empty} title="No requests"><p>${test.sandbox ? "Did its client use the sandbox's base URL?" : "It failed without a sandbox."}</p><//><//>
      </section>
      ${open
        ? html`<${EntryPanel} entry=${open} findings=${test.findingsOf(open)} onClose=${close} actions=${html`<${CopyActions} entry=${open} />`} />`
        : html`<${Summary} test=${test} onOpen=${showId} />`}
    </div>
  `;
}

/** The text of a failure; lines that pytest marks as the error stand out. */
const Failure = ({ test }) => html`
  <p class="callout bad"><code>${visible(reasonOf(test))}</code></p>
  <details class="failure" open>
    <summary>What was expected, and what came</summary>
    <pre class="code" tabindex="0" role="region" aria-label="Text of the failure">${visible(test.failure).split("\n").map(marked)}</pre>
  </details>
`;

function marked(line) {
  const text = `${line}\n`;
  if (/^E(\s|$)/.test(line)) return html`<b>${text}</b>`;
  return line.startsWith(">") ? html`<strong>${text}</strong>` : text;
}

/** More requests than these would be thinner than a pixel. */
const MAX_BARS = 400;

/** The requests as bars from when they came to when they were answered, so that pauses can be seen. */
function Timeline({ test, open, onOpen }) {
  const starts = test.requests.map((entry) => Date.parse(entry.time));
  const first = starts.reduce((one, other) => Math.min(one, other), Infinity);
  const last = test.requests.reduce((end, entry, index) => Math.max(end, starts[index] + entry.latencyMs), -Infinity);
  if (test.requests.length < 2 || test.requests.length > MAX_BARS || last <= first) return null;
  const percent = (milliseconds) => `${(100 * milliseconds) / (last - first)}%`;
  return html`
    <div class="timeline" role="img" aria-label=${`${plural(test.requests.length, "request")} in ${duration(last - first)}`}>
      <div class="timeline-bars">
        ${test.requests.map((entry, index) => html`
          <i
            key=${keyOf(entry)} class=${`${entry.fault ? "bad" : toneOf(entry.status)} ${entry === open ? "open" : ""}`}
            style=${{ left: percent(starts[index] - first), width: percent(entry.latencyMs) }}
            title=${`${visible(nameOf(entry))} ${entry.status ?? "none"}, after ${duration(starts[index] - first)}, took ${duration(entry.latencyMs)}`}
            onClick=${() => onOpen(entry)}
          ></i>
        `)}
      </div>
      <div class="timeline-scale dim" aria-hidden="true"><span>0</span><span>${duration((last - first) / 2)}</span><span>${duration(last - first)}</span></div>
    </div>
  `;
}

const Summary = ({ test, onOpen }) => html`
  <aside class="panel summary" aria-label="What it came to">
    <div class="panel-body" tabindex="0" role="region" aria-label="Sums and findings">
      <section>
        <h3>Findings</h3>
        ${test.findings.length === 0 && html`<p class="dim">Nothing to find fault with in how the client behaved.</p>`}
        ${test.findings.map((finding) => html`<${FindingCard} finding=${finding} onOpen=${onOpen} />`)}
      </section>
      <section>
        <h3>Spend</h3>
        <p class="sums">
          <strong class="figure-value">${dollars(test.spent)}</strong>
          ${run.baseline && html`<span><${Change} test=${test} /> <span class="dim">since the baseline</span></span>`}
          ${test.budget !== null && html`<${Badge} tone=${test.isOver ? "bad" : "good"}>${test.isOver ? "over" : "within"} its budget of ${dollars(test.budget)}<//>`}
        </p>
        ${["endpoint", "rule", "key"].map((grouping) => html`<${Groups} grouping=${grouping} groups=${test.spendBy[grouping]} />`)}
      </section>
      ${test.waste.length > 0 && html`
        <section>
          <h3>Wasted</h3>
          ${test.waste.map((one) => html`
            <p class="callout warn"><strong>${dollars(one.dollars)}</strong> ${wasteName(one.kind)}: ${one.requests.slice(0, 8).map((id, place) => html`
              ${place > 0 && ", "}<button type="button" class="link" onClick=${() => onOpen(id)}>request ${place + 1}</button>`)}
              ${one.requests.length > 8 && ` and ${count(one.requests.length - 8)} more`}
            </p>
          `)}
        </section>
      `}
      <section>
        <h3>Facts</h3>
        <dl class="facts">
          <dt>Name</dt><dd><code>${visible(test.name)}</code></dd>
          <dt>Sandbox</dt><dd>${test.sandbox ? html`<code>${visible(test.sandbox)}</code>` : "none"}</dd>
          <dt>Requests</dt><dd>${count(test.requests.length + test.omitted)}${test.omitted > 0 && html` <span class="dim">of which the oldest ${count(test.omitted)} are not in the report</span>`}</dd>
          <dt>Waited</dt><dd>${duration(test.waited)} <span class="dim">for answers, by the sandbox's clock</span></dd>
        </dl>
      </section>
    </div>
  </aside>
`;

const Groups = ({ grouping, groups }) =>
  groups.length > 0 && (grouping === "endpoint" || groups.some((group) => group.name !== null)) && html`
    <h4>By ${grouping}</h4>
    <${Bars} format=${dollars} rows=${groups.map((group) => ({ name: visible(group.name ?? `no ${grouping}`), value: group.dollars, note: `${count(group.requests)} ×` }))} />
  `;
