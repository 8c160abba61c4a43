// Accounts and their keys: create, change, revoke, sign in as.
import { html, signal, useState } from "../html.js";
import { dollars, visible } from "../format.js";
import { Badge, Empty } from "../parts/badge.js";
import { Code } from "../parts/code.js";
import { ask, askAs, signIn } from "../server.js";
import { account, accounts, attempt, uid } from "../state.js";

/** What was made and is shown once: {title, note, text}. */
const reveal = signal(null);

export function AccountsTab() {
  return html`
    ${reveal.value && html`
      <section class="card reveal" role="status">
        <div class="card-head"><h2>${reveal.value.title}</h2><span class="grow"></span>
          <button type="button" class="button small" onClick=${() => (reveal.value = null)}>Done</button>
        </div>
        <p class="dim">${reveal.value.note}</p>
        <${Code} label=${reveal.value.title} text=${reveal.value.text} />
      </section>
    `}
    <div class="columns wide-second">
      <div>
        <section class="card"><h2>Accounts</h2><${List} /></section>
        <section class="card"><h2>New account</h2><${NewAccount} /></section>
      </div>
      ${account.value && html`
        <div>
          <section class="card"><${Details} key=${uid.value} one=${account.value} /></section>
          <section class="card"><h2>Keys</h2><${Keys} one=${account.value} /></section>
        </div>
      `}
    </div>
  `;
}

const List = () => html`
  <ul class="picker">
    ${accounts.value.map((one) => html`
      <li key=${one.uid} class=${one.uid === uid.value ? "active" : ""}>
        <div class="picker-head">
          <button type="button" class="link" aria-pressed=${String(one.uid === uid.value)} onClick=${() => (uid.value = one.uid)}><bdi>${visible(one.uid)}</bdi></button>
          <span class="grow"></span>
          <span class="number">${dollars(one.balance)}</span>
        </div>
        <p class="dim"><bdi>${visible(one.email ?? "no email")}</bdi> ${one.refusal && html`<${Badge} tone="bad">${one.refusal.status}<//>`}</p>
      </li>
    `)}
  </ul>
`;

function NewAccount() {
  const [form, setForm] = useState({ uid: "", email: "", balance: "100" });
  const set = (name) => (event) => setForm({ ...form, [name]: event.target.value });
  const create = (event) => {
    event.preventDefault();
    attempt(async () => {
      const body = { balance: Number(form.balance) };
      if (form.uid) body.uid = form.uid;
      if (form.email) body.email = form.email;
      const made = await ask("POST", "/__mock/accounts", body);
      uid.value = made.uid;
      reveal.value = { title: `Key of ${visible(made.uid)}`, note: "Shown once: no other answer has it.", text: made.apiKey };
    });
  };
  return html`
    <form class="stack" onSubmit=${create}>
      <label class="field"><span>Uid</span><input value=${form.uid} placeholder="drawn if empty" onInput=${set("uid")} /></label>
      <label class="field"><span>Email</span><input type="email" value=${form.email} onInput=${set("email")} /></label>
      <label class="field"><span>Balance, dollars</span><input type="number" step="any" value=${form.balance} onInput=${set("balance")} /></label>
      <button class="button primary">Create</button>
    </form>
  `;
}

function Details({ one }) {
  const [balance, setBalance] = useState(String(one.balance));
  const change = (body) => attempt(() => ask("PATCH", `/__mock/accounts/${encodeURIComponent(one.uid)}`, body));
  const token = () =>
    attempt(async () => {
      const text = await signIn(one.uid, one.email);
      reveal.value = { title: `ID token of ${visible(one.uid)}`, note: "Valid for an hour of the sandbox's clock. The console's Money and Usage are this account's now.", text };
    });
  return html`
    <div class="card-head">
      <h2><bdi>${visible(one.uid)}</bdi></h2>
      <span class="grow"></span>
      <button type="button" class="button small primary" onClick=${token}>Sign in as ${visible(one.uid)}</button>
    </div>
    ${one.refusal && html`<p class="callout bad"><strong>${one.refusal.status} from the next request</strong> ${visible(one.refusal.reason)}</p>`}
    <div class="row">
      <label class="check"><input type="checkbox" class="switch" role="switch" checked=${one.activated} onChange=${() => change({ activated: !one.activated })} /> Activated</label>
      <label class="check"><input type="checkbox" class="switch" role="switch" checked=${one.developerAccess} onChange=${() => change({ developerAccess: !one.developerAccess })} /> Developer access</label>
    </div>
    <form class="row" onSubmit=${(event) => (event.preventDefault(), change({ balance: Number(balance) }))}>
      <label class="field"><span>Balance, dollars (now ${dollars(one.balance)})</span><input type="number" step="any" value=${balance} onInput=${(event) => setBalance(event.target.value)} /></label>
      <button class="button">Adjust</button>
    </form>
  `;
}

function Keys({ one }) {
  const [name, setName] = useState("");
  const create = (event) => {
    event.preventDefault();
    attempt(async () => {
      const made = (await askAs(one.uid, "POST", "/v1/keys", name ? { name } : {})).data;
      reveal.value = { title: `Key ${visible(made.name)}`, note: "Shown once: no other answer has it.", text: made.key };
      setName("");
    });
  };
  const revoke = (key) => attempt(() => askAs(one.uid, "DELETE", `/v1/keys/${key.id}`), `${key.name} is revoked.`);
  return html`
    ${one.keys.length === 0 && html`<${Empty} title="No keys" />`}
    <div class="scroll-x" tabindex="0" role="region" aria-label="Keys">
      <table class="plain">
        <tbody>
          ${one.keys.map((key) => html`
            <tr key=${key.id} class=${key.revoked ? "off" : ""}>
              <td><strong><bdi>${visible(key.name)}</bdi></strong></td>
              <td><code>${visible(key.preview)}</code></td>
              <td class="number">${key.revoked
                ? html`<${Badge} tone="bad">revoked<//>`
                : html`<button type="button" class="button small danger" aria-label=${`Revoke ${key.name}`} onClick=${() => revoke(key)}>Revoke</button>`}</td>
            </tr>
          `)}
        </tbody>
      </table>
    </div>
    <form class="row" onSubmit=${create}>
      <label class="field"><span>Name of a new key</span><input value=${name} onInput=${(event) => setName(event.target.value)} /></label>
      <button class="button primary">Create key</button>
    </form>
  `;
}
