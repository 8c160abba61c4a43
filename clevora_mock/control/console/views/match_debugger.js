// The match debugger: which rule takes a request, and why the others do not. Nothing is counted or drawn.
import { html, useEffect, useRef, useState } from "../html.js";
import { pretty, visible } from "../format.js";
import { Badge, Empty } from "../parts/badge.js";
import { Choice } from "../parts/choice.js";
import { nameOf } from "../parts/requests.js";
import { ask } from "../server.js";
import { attempt, entries, scenario } from "../state.js";
import { readCurl } from "./read_curl.js";

const FIRST = { method: "POST", path: "/v1/chat/completions", headers: "", key: "", body: pretty({ messages: [{ role: "user", content: "Hello!" }] }) };
const VERDICTS = {
  decides: ["good", "decides"],
  after: ["plain", "would, but an earlier one decides"],
  off: ["plain", "switched off"],
  fails: ["warn", "does not apply"],
};

/** `entryId` is a request of the journal to begin with, `draft` the editor's text. */
export function MatchDebugger({ entryId, draft }) {
  const [request, setRequest] = useState(FIRST);
  const [usesDraft, setUsesDraft] = useState(false);
  const [match, setMatch] = useState(null);
  const result = useRef(null);
  const set = (name) => (event) => setRequest({ ...request, [name]: event.target.value });
  const pick = (id) => {
    const entry = entries.value.findLast((one) => one.id === id);
    if (entry) setRequest(ofEntry(entry));
    return entry;
  };
  const paste = (event) => {
    const read = readCurl(event.clipboardData.getData("text"));
    if (!read) return;
    event.preventDefault();
    setRequest({ ...FIRST, ...read });
  };
  const run = async (given) => {
    const body = bodyOf(given, usesDraft ? draft : null);
    setMatch((await attempt(() => ask("POST", "/__mock/scenario/match", body))) ?? null);
  };

  useEffect(() => {
    if (match) result.current.scrollIntoView({ block: "nearest" });
  }, [match]);
  useEffect(() => {
    const entry = entryId && pick(entryId);
    if (entry) run(ofEntry(entry));
  }, [entryId]);
  const recent = entries.value.slice(-50).reverse().filter((entry) => entry.endpoint);
  return html`
    <form class="match" onSubmit=${(event) => (event.preventDefault(), run(request))}>
      <div class="row">
        <${Choice} label="Take one of the journal" any="–" value="" onChange=${(event) => pick(event.target.value)} options=${recent.map((entry) => [entry.id, `${entry.status ?? "none"} ${nameOf(entry)} ${entry.id.slice(0, 12)}`])} />
        <${Choice} label="Method" any=${null} value=${request.method} onChange=${set("method")} options=${["POST", "GET", "DELETE"]} />
        <label class="field grow"><span>Path</span><input value=${request.path} onInput=${set("path")} /></label>
        <label class="field"><span>Key</span><input value=${request.key} placeholder="the demo key" onInput=${set("key")} /></label>
      </div>
      <label class="field"><span>Headers, one a line</span><textarea class="small-text" rows="2" spellcheck=${false} value=${request.headers} placeholder="user-agent: OpenAI/Python" onInput=${set("headers")}></textarea></label>
      <label class="field"><span>Body, or paste a curl command</span><textarea class="small-text" rows="6" spellcheck=${false} value=${request.body} onInput=${set("body")} onPaste=${paste}></textarea></label>
      <div class="row">
        <button class="button primary">Which rule?</button>
        <label class="check"><input type="checkbox" checked=${usesDraft} onChange=${(event) => setUsesDraft(event.target.checked)} /> by the editor's text, as if just started</label>
      </div>
    </form>
    <div ref=${result}>${match && html`<${Verdicts} match=${match} />`}</div>
  `;
}

function Verdicts({ match }) {
  if (!match.rules.length) return html`<${Empty} title="No rules"><p>The scenario ${visible(scenario.value.name)} has none: the contract alone decides.</p><//>`;
  return html`
    <p role="status">
      ${match.rule === null
        ? html`No rule takes it: the contract alone decides.`
        : html`<strong><bdi>${visible(match.rule)}</bdi></strong> decides.`}
    </p>
    <div class="scroll-x" tabindex="0" role="region" aria-label="Verdicts on the rules">
      <table class="plain">
        <thead><tr><th>Rule</th><th>Verdict</th><th>Field</th><th>Wanted</th><th>Came</th></tr></thead>
        <tbody>
          ${match.rules.map((rule) => {
            const [tone, text] = VERDICTS[rule.verdict];
            return html`
              <tr class=${rule.verdict === "decides" ? "decides" : ""}>
                <td><bdi>${visible(rule.rule)}</bdi></td>
                <td><${Badge} tone=${tone}>${text}<//></td>
                <td>${rule.field && html`<code>${visible(rule.field)}</code>`}</td>
                <td><bdi>${visible(rule.expected ?? "")}</bdi></td>
                <td><bdi>${visible(rule.got ?? "")}</bdi>${rule.draw !== null && rule.verdict !== "fails" && html`<span class="dim">draw ${rule.draw.toFixed(4)}</span>`}</td>
              </tr>
            `;
          })}
        </tbody>
      </table>
    </div>
  `;
}

const ofEntry = (entry) => ({
  method: entry.method,
  path: entry.path,
  // The journal keeps no other header.
  headers: entry.client ? `user-agent: ${entry.client}` : "",
  key: entry.key ?? "",
  body: entry.body === null ? "" : pretty(entry.body),
});

/** Return the request as the server takes it; a body that is not JSON is a text. */
function bodyOf({ method, path, headers, key, body }, source) {
  const lines = headers.split("\n").map((line) => line.split(/:(.*)/s)).filter(([name]) => name.trim());
  const given = { method, path, headers: Object.fromEntries(lines.map(([name, value]) => [name.trim(), (value ?? "").trim()])) };
  if (key.trim()) given.key = key.trim();
  if (body.trim()) given.body = parsed(body);
  if (source) given.source = source;
  return given;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
