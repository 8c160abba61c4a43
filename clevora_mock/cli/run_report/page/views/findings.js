// Findings about the client, errors first, each with its test.
import { html, useState } from "../../../../control/console/html.js";
import { count, dollars, plural } from "../../../../control/console/format.js";
import { Empty } from "../../../../control/console/parts/badge.js";
import { Choice } from "../../../../control/console/parts/choice.js";
import { FindingCard, kindOf } from "../../../../control/console/parts/finding.js";
import { go } from "../../../../control/console/place.js";
import { TestLink } from "../marks.js";
import { findings, sum } from "../run.js";

const PAGE = 50;

export function FindingsView() {
  const [kind, setKind] = useState("");
  const [most, setMost] = useState(PAGE);
  const kinds = [...new Set(findings.map(({ finding }) => finding.kind))].sort();
  const found = findings.filter(({ finding }) => !kind || finding.kind === kind);
  const cost = sum(found.map(({ finding }) => finding.dollars ?? 0));
  const open = (test) => (id) => go("tests", String(test.index), String(test.requests.findIndex((entry) => entry.id === id)));
  return html`
    <div class="view narrow">
      <div class="view-head">
        <h1>Findings</h1>
        <${Choice} label="Kind" any="any" value=${kind} onChange=${(event) => setKind(event.target.value)} options=${kinds.map((one) => [one, kindOf({ kind: one })])} />
        <span class="dim">${plural(found.length, "finding")} about the client${cost > 0 && `, which cost ${dollars(cost)}`}</span>
      </div>
      ${findings.length === 0 && html`<${Empty} title="Nothing to find fault with" />`}
      ${found.slice(0, most).map(({ finding, test }) => html`
        <div class="stack" key=${`${test.index} ${finding.kind} ${finding.requests[0]}`}>
          <p class="clip"><${TestLink} test=${test} /></p>
          <${FindingCard} finding=${finding} onOpen=${open(test)} />
        </div>
      `)}
      ${found.length > most && html`<button type="button" class="button" onClick=${() => setMost(most + PAGE)}>Show more of ${count(found.length)}</button>`}
    </div>
  `;
}
