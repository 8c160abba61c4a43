// Serves one adapter: reads a call per line from standard input, and prints its outcome in a line.
import { Console } from "node:console";
import { createInterface } from "node:readline";
import { called } from "./calls.mjs";

// Some libraries print; their output must not mix with the outcomes.
globalThis.console = new Console(process.stderr, process.stderr);

// The pauses of the client.
const wait = globalThis.setTimeout;
globalThis.setTimeout = (work, delay, ...more) => wait(work, delay / Number(process.env.SPEED), ...more);

const adapter = await import(`./adapters/${process.argv[2]}.mjs`);

for await (const line of createInterface({ input: process.stdin }))
  process.stdout.write(JSON.stringify(await called(adapter, JSON.parse(line))) + "\n");
process.exit();
