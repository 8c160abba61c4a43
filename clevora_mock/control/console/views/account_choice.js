// The account that is looked at, chosen once for every view.
import { html } from "../html.js";
import { visible } from "../format.js";
import { Choice } from "../parts/choice.js";
import { accounts, uid } from "../state.js";

export const AccountChoice = () => html`
  <${Choice}
    label="Account" any=${null} value=${uid.value} onChange=${(event) => (uid.value = event.target.value)}
    options=${accounts.value.map((one) => [one.uid, visible(one.email ? `${one.uid} · ${one.email}` : one.uid)])}
  />
`;
