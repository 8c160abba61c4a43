// The faults: what rules made go wrong, and what came of it.
import { html } from "../../../../control/console/html.js";
import { count, plural, visible } from "../../../../control/console/format.js";
import { Badge, Empty, Status } from "../../../../control/console/parts/badge.js";
import { EntryLink } from "../marks.js";
import { faults, pluralTests } from "../run.js";

const MOST = 20;

export const FaultsView = () => html`
  <div class="view narrow">
    <div class="view-head">
      <h1>Faults</h1>
      <span class="dim">${plural(faults.reduce((number, group) => number + group.entries.length, 0), "request")} that a rule or a header made go wrong</span>
    </div>
    ${faults.length === 0 && html`<${Empty} title="No faults"><p>A scenario makes them: <code>--scenario flaky</code>, or <code>@pytest.mark.clevora(scenario="flaky")</code>.</p><//>`}
    ${faults.map((group) => html`<${Group} key=${group.kind} group=${group} />`)}
  </div>
`;

function Group({ group }) {
  const number = group.entries.length;
  const tone = group.recovered === number ? "good" : group.recovered ? "warn" : "plain";
  return html`
    <section class="card">
      <div class="card-head">
        <${Status} status=${group.status} />
        <h2><bdi>${visible(group.rule ?? group.fault ?? "a header")}</bdi></h2>
        ${group.fault && group.rule && html`<${Badge} tone="bad" title="Fault">${visible(group.fault)}<//>`}
        ${group.code && html`<code class="dim">${visible(group.code)}</code>`}
        <span class="grow"></span>
        <span class="dim">${count(number)} × in ${pluralTests(group.tests.size)}</span>
      </div>
      <p><${Badge} tone=${tone}>${group.recovered === number ? "all" : count(group.recovered)}${group.recovered === number ? "" : ` of ${count(number)}`}<//> answered when the same was asked again.</p>
      <details>
        <summary>${plural(number, "request")}</summary>
        <ul class="rows">
          ${group.entries.slice(0, MOST).map((entry) => html`<li class="clip"><${EntryLink} entry=${entry} /></li>`)}
          ${number > MOST && html`<li class="dim">and ${count(number - MOST)} more</li>`}
        </ul>
      </details>
    </section>
  `;
}
