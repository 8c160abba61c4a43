// Filters: one of several, or any.
import { html } from "../html.js";
import { visible } from "../format.js";

/** A list of choices, of which the first is any; `options` are texts, or pairs of value and text. */
export const Choice = ({ label, value, onChange, options, any = "any" }) => html`
  <label class="choice">
    <span>${label}</span>
    <select value=${value} onChange=${onChange}>
      ${any !== null && html`<option value="">${any}</option>`}
      ${options.map((option) => {
        const [name, text] = Array.isArray(option) ? option : [option, visible(option)];
        return html`<option value=${name} selected=${name === value}>${text}</option>`;
      })}
    </select>
  </label>
`;
