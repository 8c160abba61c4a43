// A journal entry as a program that sends the same, and as a scenario's rule that answers the same.

/** Where a request goes: base is the sandbox's URL without /v1, key the demo key, preview how the journal shows it. */
const urlOf = (entry, { base }) => `${base}${entry.path}${entry.query ? `?${entry.query}` : ""}`;

/** The journal masks keys: the demo key is known, any other is a variable. */
const isDemo = (entry, { preview }) => entry.key === null || entry.key === preview;

/** Tell whether the journal has the whole body. */
export const isWhole = (entry) => entry.body === null || typeof entry.body !== "string" || entry.bodyBytes <= 16 * 1024;

const bodyText = (entry) => (typeof entry.body === "string" ? entry.body : JSON.stringify(entry.body));

/** Return a command of curl. */
export function asCurl(entry, target) {
  const key = isDemo(entry, target) ? target.key : "$CLEVORA_API_KEY";
  const lines = [`curl ${shell(urlOf(entry, target))}`];
  if (entry.method !== "POST" || entry.body === null) lines[0] += ` -X ${word(entry.method)}`;
  lines.push(`-H "Authorization: Bearer ${key}"`);
  if (entry.body !== null) lines.push(`-H "Content-Type: application/json"`, `--data-raw ${shell(bodyText(entry))}`);
  return `${lines.join(" \\\n  ")}\n`;
}

const shell = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** A method may be any token, such as `A|id`. */
const word = (text) => (/^[A-Z]+$/.test(text) ? text : shell(text));

/** Return a Python program, with httpx. */
export function asPython(entry, target) {
  const key = isDemo(entry, target) ? python(target.key) : `os.environ["CLEVORA_API_KEY"]`;
  const imports = isDemo(entry, target) ? "import httpx" : "import os\n\nimport httpx";
  return `${imports}

answer = httpx.request(
    ${python(entry.method)},
    ${python(urlOf(entry, target))},
    headers={"Authorization": "Bearer " + ${key}${contentType(entry)}},${pythonBody(entry)}
)
print(answer.status_code, answer.text)
`;
}

const contentType = (entry) => (typeof entry.body === "string" ? `, "Content-Type": "application/json"` : "");

function pythonBody(entry) {
  if (entry.body === null) return "";
  if (typeof entry.body === "string") return `\n    content=${python(entry.body)}.encode(),`;
  return `\n    json=${python(entry.body, 4)},`;
}

/** Return a test for pytest, in which a rule sees to an answer that a rule or a fault gave. */
export function asPytest(entry) {
  const name = (entry.endpoint ?? "request").replace(/\W+/g, "_");
  const rule = entry.rule || entry.fault || entry.status >= 500 ? ruleOf(entry) : null;
  const using = rule ? `    clevora.use(rules=[${python(rule, 4)}])\n` : "";
  const path = entry.path + (entry.query ? `?${entry.query}` : "");
  const request = `httpx.request(
        ${python(entry.method)},
        clevora.url + ${python(path)},
        headers={"Authorization": f"Bearer {clevora.api_key}"${contentType(entry)}},${pythonBody(entry).replaceAll("\n", "\n    ")}
    )`;
  const imports = entry.status === null ? "import httpx\nimport pytest" : "import httpx";
  const sending =
    entry.status === null
      ? `    with pytest.raises(httpx.TransportError):\n        ${request.replaceAll("\n", "\n    ")}\n`
      : `    answer = ${request}\n    assert answer.status_code == ${entry.status}\n${codeCheck(entry)}`;
  return `${imports}\n\n\ndef test_${name}(clevora):\n${using}${sending}`;
}

const codeCheck = (entry) =>
  entry.code ? `    assert answer.json()["error"]["code"] == ${python(entry.code)}\n` : "";

/** Return a rule of a scenario, in YAML, that answers such requests as this one was answered. */
export function asRule(entry) {
  return `rules:\n${yaml([ruleOf(entry)], "  ")}`;
}

function ruleOf(entry) {
  const when = entry.endpoint ? { endpoint: entry.endpoint } : {};
  const message = lastMessage(entry.body);
  if (message) when.message = message.slice(0, 200);
  if (entry.body?.stream === true) when.body = { stream: true };
  return { name: `${entry.endpoint ?? "any"} as in ${entry.id}`, when, then: thenOf(entry) };
}

function thenOf(entry) {
  if (entry.fault) return { fault: entry.fault.split(", ").length > 1 ? entry.fault.split(", ") : entry.fault };
  if (entry.status >= 400) return { error: entry.code ? { status: entry.status, code: entry.code } : entry.status };
  if (entry.endpoint === "chat.completions" && entry.response) return { reply: { content: entry.response } };
  return { delay: `${entry.latencyMs}ms` };
}

function lastMessage(body) {
  if (body === null || typeof body !== "object") return "";
  const users = Array.isArray(body.messages) ? body.messages.filter((message) => message?.role === "user") : [];
  const text = users.length ? users.at(-1).content : (body.query ?? body.topic ?? body.input);
  return typeof text === "string" && !text.startsWith("/") ? text : "";
}

/** Return a value as Python writes it. */
function python(value, indent = 0) {
  const text = JSON.stringify(value, null, indent ? 4 : 0);
  const literal = text.replace(/("(?:\\.|[^"\\])*")|\b(true|false|null)\b/g, (whole, string, word) =>
    string ? string : { true: "True", false: "False", null: "None" }[word],
  );
  return literal.replaceAll("\n", `\n${" ".repeat(indent)}`);
}

/** Return a value as YAML; texts are in double quotes, as JSON has them. */
function yaml(value, indent) {
  if (Array.isArray(value))
    return value.map((item) => `${indent}- ${yaml(item, `${indent}  `).trimStart()}`).join("");
  return Object.entries(value)
    .map(([name, item]) =>
      item !== null && typeof item === "object"
        ? `${indent}${name}:\n${yaml(item, `${indent}  `)}`
        : `${indent}${name}: ${JSON.stringify(item)}\n`,
    )
    .join("");
}
