// Conduct: findings about the client, with the requests that show them.
import { html } from "../html.js";
import { dollars, plural } from "../format.js";
import { Badge, Empty } from "../parts/badge.js";
import { FindingCard } from "../parts/finding.js";
import { conduct, entries, go } from "../state.js";

const VERDICTS = { pass: ["good", "Pass"], warn: ["warn", "Warnings"], fail: ["bad", "Fail"] };

export function ConductView() {
  const { findings, verdict } = conduct.value;
  const cost = findings.reduce((sum, finding) => sum + (finding.dollars ?? 0), 0);
  const [tone, text] = VERDICTS[verdict] ?? [];
  const errorsFirst = [...findings].sort((one, other) => (other.severity === "error") - (one.severity === "error"));
  return html`
    <div class="view narrow">
      <div class="view-head">
        <h1>Conduct</h1>
        ${text && html`<${Badge} tone=${tone}>${text}<//>`}
        <span class="dim">${plural(findings.length, "finding")} about ${plural(entries.value.length, "request")}${cost > 0 && `, which cost ${dollars(cost)}`}</span>
      </div>
      ${findings.length === 0 && html`
        <${Empty} title=${entries.value.length ? "Nothing to find fault with" : "No requests yet"}>
          <p>Looked for: retries before Retry-After is over, retries of final errors, no backoff, use of a revoked key, giving up too early, half or broken answers taken for whole ones, streams left unread, unknown fields, polling, and paying twice for the same.</p>
        <//>
      `}
      ${errorsFirst.map((finding) => html`<${FindingCard} finding=${finding} onOpen=${(id) => go("traffic", id)} />`)}
    </div>
  `;
}
