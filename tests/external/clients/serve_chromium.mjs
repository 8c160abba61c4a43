// Serves one adapter in a page of a server of its own, so that each call goes to another origin: reads a call per line
// from standard input, and prints its outcome in a line. The first argument is the path of Chromium.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "@playwright/test";

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript" };

// The page's modules, which need no bundler.
const files = createServer(async ({ url }, response) => {
  try {
    const content = await readFile(new URL(`.${url}`, import.meta.url));
    response.writeHead(200, { "content-type": TYPES[extname(url)] }).end(content);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((listening) => files.listen(0, "127.0.0.1", listening));

const [executablePath, name] = process.argv.slice(2);
// Root cannot have Chromium's sandbox.
const browser = await chromium.launch({ executablePath, chromiumSandbox: process.getuid() !== 0 });
const page = await browser.newPage();
page.on("pageerror", (error) => console.error(error));
await page.goto(`http://localhost:${files.address().port}/page.html`);

// Runs in the page.
const call = async ([name, line]) => {
  const { called } = await import("./calls.mjs");
  return called(await import(`./adapters/${name}.mjs`), line);
};

for await (const line of createInterface({ input: process.stdin }))
  process.stdout.write(JSON.stringify(await page.evaluate(call, [name, JSON.parse(line)])) + "\n");
await browser.close();
process.exit();
