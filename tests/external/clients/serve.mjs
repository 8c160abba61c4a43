// Serves one adapter: reads a call a line from standard input, and answers each with its outcome in a line.
import { Console } from "node:console";
import { createInterface } from "node:readline";

// Some libraries print; what they print must not get among the answers.
globalThis.console = new Console(process.stderr, process.stderr);

const adapter = await import(`./adapters/${process.argv[2]}.mjs`);

// By what names a program can tell an error: its class, and the one above.
function names(error) {
  const kind = Object.getPrototypeOf(error);
  return [kind.constructor.name, Object.getPrototypeOf(kind).constructor.name];
}

// Add up in `outcome` what a function answers: in one piece, or piece by piece as they come.
async function gather(answer, outcome) {
  if (!(Symbol.asyncIterator in answer)) return Object.assign(outcome, await answer);
  for await (const piece of answer) for (const [name, value] of Object.entries(piece)) (outcome[name] ??= []).push(value);
}

// What comes of one call. What a stream brought before an error stays in it.
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
