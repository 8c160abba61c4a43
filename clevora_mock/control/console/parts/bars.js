// Sums at a glance: horizontal bars of plain elements, and figures.
import { html } from "../html.js";

/** Horizontal bars, the longest first; `rows` are {name, value, note}, `format` is for values. */
export function Bars({ rows, format }) {
  const sorted = [...rows].sort((one, other) => other.value - one.value);
  const longest = sorted[0]?.value || 1;
  return html`
    <ul class="bars">
      ${sorted.map((row) => html`
        <li>
          <span class="bar-name"><bdi>${row.name}</bdi></span>
          <span class="bar-track"><i style=${{ width: `${Math.max(1, (100 * row.value) / longest)}%` }}></i></span>
          <span class="bar-value">${format(row.value)}${row.note && html` <span class="dim">${row.note}</span>`}</span>
        </li>
      `)}
    </ul>
  `;
}

/** A number with its name, and perhaps a remark. */
export const Figure = ({ label, value, note, tone }) => html`
  <div class=${`figure ${tone ?? ""}`}>
    <span class="figure-label">${label}</span>
    <span class="figure-value">${value}</span>
    ${note && html`<span class="figure-note">${note}</span>`}
  </div>
`;
