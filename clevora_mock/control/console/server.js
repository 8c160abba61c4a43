// The server: its routes by fetch, and its events. The only module that opens a connection.
import { signal } from "./html.js";

/** The beginning of every path, which says whose sandbox this is: "" or "/sandbox/NAME". */
export const ROOT = document.documentElement.dataset.root ?? "";
/** The path in front of all sandboxes, where an application has the mock mounted. */
export const MOUNT = ROOT.replace(/\/sandbox\/[^/]+$/, "");
/** The base URL to give to a client. */
export const BASE = `${location.origin}${ROOT}/v1`;

/** The ids of requests that the console itself sent to the emulated API, to tell them from a client's. */
export const ownRequests = signal(new Set());

/** An answer that is an error: its message, and the mock's hint if it has one. */
export class Refused extends Error {
  constructor(status, message, hint) {
    super(hint ? `${message} (${hint})` : message);
    this.status = status;
  }
}

/** Send a request and return the decoded JSON; `body` is sent as JSON, a text as it is. Throws Refused. */
export async function ask(method, path, body, headers = {}) {
  const content = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const answer = await send(method, path, content, { "content-type": "application/json", ...headers });
  const text = await answer.text();
  if (answer.ok) return text ? JSON.parse(text) : null;
  throw new Refused(answer.status, messageIn(text) ?? `status ${answer.status}`, answer.headers.get("x-clevora-mock-hint"));
}

/** Send a request and return the response as it comes. */
export async function send(method, path, body, headers = {}) {
  const given = method === "GET" || method === "HEAD" ? undefined : body;
  const answer = await fetch(ROOT + path, { method, body: given, headers, cache: "no-store" });
  const id = answer.headers.get("x-request-id");
  if (id && !path.startsWith("/__mock/")) ownRequests.value = new Set([...ownRequests.value, id]);
  return answer;
}

/** Return an ID token of the user `uid`, as a signed-in dashboard has one. */
export async function signIn(uid, email = null) {
  return (await ask("POST", "/__mock/tokens", email ? { uid, email } : { uid })).idToken;
}

/** Send a request to the dashboard's part of the API as the user `uid`, and return its answer. */
export async function askAs(uid, method, path, body) {
  return ask(method, path, body, { authorization: `Bearer ${await signIn(uid)}` });
}

function messageIn(text) {
  try {
    return JSON.parse(text).error.message;
  } catch {
    return text.slice(0, 200) || null;
  }
}

/**
 * Listen to the server's events for as long as the page lives; reconnects by itself.
 *
 * `onOpen` is called after each connection, when everything is to be read anew; `onEntry` with each journal entry;
 * `onChange` with each change; `onLost` when the connection is gone.
 */
export function listen({ onOpen, onEntry, onChange, onLost }) {
  let source = null;
  let wait = 250;
  let timer = null;

  const open = () => {
    clearTimeout(timer);
    source = new EventSource(`${ROOT}/__mock/events`);
    source.onopen = () => {
      wait = 250;
      onOpen();
    };
    source.onmessage = (event) => onEntry(JSON.parse(event.data));
    for (const kind of ["clock", "scenario", "money", "account", "reset"])
      source.addEventListener(kind, (event) => onChange(JSON.parse(event.data)));
    source.onerror = () => {
      // The browser's own attempts end at the first answer that is no stream, such as a proxy's.
      close();
      onLost();
      timer = setTimeout(open, wait);
      wait = Math.min(wait * 2, 5000);
    };
  };
  const close = () => {
    source?.close();
    source = null;
  };
  // A browser has few connections for a server, and a tab that nobody looks at need not keep one.
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(close, 30_000);
    else if (source === null) open();
  });
  open();
}
