// Serves one adapter: reads a call per line from standard input, and prints its outcome in a line.
import { Console } from "node:console";
import { createInterface } from "node:readline";

// Some libraries print; their output must not mix with the outcomes.
globalThis.console = new Console(process.stderr, process.stderr);

const adapter = await import(`./adapters/${process.argv[2]}.mjs`);

// Returns the names by which a program can identify an error: its class and its base class.
function names(error) {
  const kind = Object.getPrototypeOf(error);
  return [kind.constructor.name, Object.getPrototypeOf(kind).constructor.name];
}

// Adds the result of a function to `outcome`, complete or piece by piece as it arrives.
async function gather(answer, outcome) {
  if (!(Symbol.asyncIterator in answer)) return Object.assign(outcome, await answer);
  for await (const piece of answer) for (const [name, value] of Object.entries(piece)) (outcome[name] ??= []).push(value);
}

// Returns the outcome of one call. Pieces of a stream before an error stay in it.
async function call({ function: name, arguments: given }) {
  const outcome = {};
  try {
    await gather(adapter[name](given), outcome);
  } catch (error) {
    outcome.error = { names: names(error), message: error.message, ...adapter.described(error) };
  }
  return outcome;
}

for await (const line of createInterface({ input: process.stdin }))
  process.stdout.write(JSON.stringify(await call(JSON.parse(line))) + "\n");
process.exit();
