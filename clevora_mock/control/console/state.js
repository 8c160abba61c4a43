// What the console knows of the sandbox. Each value is a signal: what reads one is drawn again when it changes. Events
// of the server change them; `start` begins to listen.
import { batch, computed, signal } from "./html.js";
import { follow } from "./place.js";
import { ask, listen, MOUNT, ownRequests, ROOT } from "./server.js";

export { go, place } from "./place.js";

/** As many requests as the list keeps, the journal's default. */
const MAX_ENTRIES = 10_000;
/** New entries are put into the list together, so often in milliseconds. */
const GATHER = 100;

/** "connecting", "live" or "lost". */
export const connection = signal("connecting");
/** The sandbox's addresses and credentials, as `GET /` has them. */
export const home = signal(null);
/** Version, seed and settings, as `GET /__mock/health` has them. */
export const health = signal(null);
/** Journal entries, the oldest first. */
export const entries = signal([]);
/** The number of entries that are no longer kept. */
export const evicted = signal(0);
/** The clock as it was when `read` (of performance.now): mode, speed, and time in milliseconds. */
export const clock = signal({ now: 0, mode: "real", speed: 1, read: 0 });
/** The active scenario, with its rules. */
export const scenario = signal(null);
/** All accounts. */
export const accounts = signal([]);
/** The uid of the account that is looked at, and signed in as. */
export const uid = signal("demo");
/** Findings about the client, with the verdict if there is one. */
export const conduct = signal({ findings: [] });
/** Counts up with each change of money, for whoever shows ledgers. */
export const moneyChanges = signal(0);
/** Counts up with each reset, for whoever has read something that is gone. */
export const resets = signal(0);
/** Messages at the corner of the page: {id, text, kind}. */
export const messages = signal([]);

/** The account that is looked at, null until it is known. */
export const account = computed(() => accounts.value.find((one) => one.uid === uid.value) ?? null);
/** Findings by the id of each request that they are about. */
export const findingsByRequest = computed(() => {
  const found = new Map();
  for (const finding of conduct.value.findings)
    for (const id of finding.requests) found.set(id, [...(found.get(id) ?? []), finding]);
  return found;
});

/** Return the sandbox's time in milliseconds since 1970. */
export function sandboxNow() {
  const { now, mode, speed, read } = clock.value;
  return mode === "frozen" ? now : now + (performance.now() - read) * speed;
}

/** Show a message at the corner of the page for a while. */
export function notify(text, kind = "info") {
  const message = { id: performance.now(), text, kind };
  messages.value = [...messages.value.slice(-3), message];
  setTimeout(() => dismiss(message), kind === "bad" ? 12_000 : 5000);
}

export function dismiss(message) {
  messages.value = messages.value.filter((other) => other !== message);
}

/** Run `work`, and show the message of what it throws; return its result, undefined after an error. */
export async function attempt(work, done) {
  try {
    const result = await work();
    if (done) notify(done, "good");
    return result;
  } catch (error) {
    notify(error instanceof TypeError ? "No answer: the connection failed." : error.message, "bad");
    return undefined;
  }
}

export function setClock(view) {
  clock.value = {
    now: Date.parse(view.now),
    mode: view.mode,
    speed: view.mode === "scaled" ? view.speed : 1,
    read: performance.now(),
  };
}

/** Read everything; called after each connection, since anything may have happened meanwhile. */
async function readAll() {
  const [at, settings, journal, active, people, found] = await Promise.all([
    ask("GET", "/"),
    ask("GET", "/__mock/health"),
    ask("GET", `/__mock/requests?limit=${MAX_ENTRIES}`),
    ask("GET", "/__mock/scenario"),
    ask("GET", "/__mock/accounts"),
    ask("GET", "/__mock/conduct"),
  ]);
  batch(() => {
    home.value = at;
    health.value = settings;
    setClock(settings.clock);
    waiting = [];
    entries.value = journal.requests.reverse();
    evicted.value = totalOf(journal) - journal.requests.length;
    scenario.value = active;
    setAccounts(people.accounts);
    conduct.value = found;
    moneyChanges.value++;
    connection.value = "live";
  });
}

/** Return the number of requests that there ever were. */
const totalOf = (journal) => journal.count + journal.evicted;

function setAccounts(list) {
  accounts.value = list;
  if (!list.some((one) => one.uid === uid.value) && list.length) uid.value = list[0].uid;
}

let waiting = [];
let gathering = null;

function addEntry(entry) {
  waiting.push(entry);
  gathering ??= setTimeout(() => {
    gathering = null;
    const all = [...entries.value, ...waiting];
    waiting = [];
    evicted.value += Math.max(0, all.length - MAX_ENTRIES);
    entries.value = all.slice(-MAX_ENTRIES);
    if (clock.value.mode !== "frozen") setClockBy(all.at(-1));
    readSoon("/__mock/requests?limit=1", readAllIfMissed);
    readSoon("/__mock/conduct", (found) => (conduct.value = found));
    if (scenario.value?.rules.length) readSoon("/__mock/scenario", (active) => (scenario.value = active));
  }, GATHER);
}

/** The server drops events that a page does not take in time: then the list is read anew. */
function readAllIfMissed(journal) {
  const isNewest = journal.requests[0]?.id === entries.value.at(-1)?.id && waiting.length === 0;
  if (isNewest && totalOf(journal) !== entries.value.length + evicted.value) attempt(readAll);
}

/** A clock that seems to be behind an entry's time was set by somebody without an event, such as a scenario. */
function setClockBy(entry) {
  const time = Date.parse(entry.time);
  if (time > sandboxNow() + 1000) clock.value = { ...clock.value, now: time, read: performance.now() };
}

const reading = new Map();

/** Read a route once in a while, however often this is called: findings cost a look at the whole journal. */
function readSoon(path, take) {
  if (reading.has(path)) return;
  reading.set(
    path,
    setTimeout(async () => {
      reading.delete(path);
      try {
        take(await ask("GET", path));
      } catch {
        // The connection is lost, and everything is read again after it.
      }
    }, 700),
  );
}

function change(event) {
  if (event.kind === "clock") setClock(event.clock);
  else if (event.kind === "scenario") scenario.value = event.scenario;
  else if (event.kind === "account") setAccount(event.account);
  else if (event.kind === "money") {
    moneyChanges.value++;
    accounts.value = accounts.value.map((one) => (one.uid === event.uid ? { ...one, balance: event.balance } : one));
    readSoon("/__mock/accounts", (people) => setAccounts(people.accounts));
  } else if (event.kind === "reset") {
    waiting = [];
    if (event.reset !== "ledger" && event.reset !== "scenario") ownRequests.value = new Set();
    resets.value++;
    notify(event.reset === "everything" ? "The sandbox was reset." : `Reset: ${event.reset}.`);
    attempt(readAll);
  }
}

function setAccount(changed) {
  const is = (one) => one.uid === changed.uid;
  setAccounts(
    accounts.value.some(is) ? accounts.value.map((one) => (is(one) ? changed : one)) : [...accounts.value, changed],
  );
}

/** Begin to listen to the server, and to the page's address. */
export function start() {
  follow();
  listen({
    onOpen: () => readAll().catch(() => (connection.value = "lost")),
    onEntry: addEntry,
    onChange: change,
    onLost: () => (connection.value = "lost"),
  });
}

/** Return the address of another sandbox's console. */
export const consoleOf = (name) => `${MOUNT}${name === "default" ? "" : `/sandbox/${name}`}/console`;
export const sandboxName = ROOT.replace(/^.*\/sandbox\//, "") || "default";
