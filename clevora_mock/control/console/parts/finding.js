// Findings about a client: what it did, how bad that is, what to do, what it cost.
import { html } from "../html.js";
import { dollars, plural, visible } from "../format.js";
import { Badge } from "./badge.js";

/** Return the tone of a finding; one without a severity is a warning. */
const toneOf = (finding) => (finding.severity === "error" ? "bad" : "warn");

/** Return the number of a finding's requests, of which it has the first ids alone. */
const countOf = (finding) => finding.count ?? finding.requests.length;

/** Return a finding's kind in words: early_retry → early retry. */
export const kindOf = (finding) => visible(finding.kind).replaceAll("_", " ");

export const FindingLine = ({ finding }) => html`
  <p class=${`callout ${toneOf(finding)}`}>
    <strong>${kindOf(finding)}</strong> <bdi>${visible(finding.message)}</bdi>
    ${finding.advice && html`<br />${visible(finding.advice)}`}
  </p>
`;

/** A finding with its requests; `onOpen(id)` opens one of them. */
export const FindingCard = ({ finding, onOpen }) => html`
  <article class=${`card finding ${toneOf(finding)}`}>
    <header>
      <${Badge} tone=${toneOf(finding)}>${finding.severity ?? "warning"}<//>
      <h3>${kindOf(finding)}</h3>
      ${finding.dollars > 0 && html`<span class="cost">cost ${dollars(finding.dollars)}</span>`}
    </header>
    <p><bdi>${visible(finding.message)}</bdi></p>
    ${finding.advice && html`<p class="dim">${visible(finding.advice)}</p>`}
    <details>
      <summary>${plural(countOf(finding), "request")}</summary>
      <ul class="ids">
        ${finding.requests.slice(0, 50).map((id) => html`
          <li>${onOpen
            ? html`<button type="button" class="link" onClick=${() => onOpen(id)}>${visible(id)}</button>`
            : html`<a href=${`#${encodeURIComponent(id)}`}>${visible(id)}</a>`}</li>
        `)}
        ${countOf(finding) > 50 && html`<li class="dim">and ${countOf(finding) - 50} more</li>`}
      </ul>
    </details>
  </article>
`;
