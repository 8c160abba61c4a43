// Opens a checkout in Chromium: first in a frame of a page of another origin, whose form also posts to it, then itself,
// where it is paid. Prints what became of each. The arguments are the path of Chromium and the checkout's address.
import { createServer } from "node:http";
import { chromium } from "@playwright/test";

const [executablePath, url] = process.argv.slice(2);
const foreign = createServer((_, response) => {
  response.writeHead(200, { "content-type": "text/html" });
  response.end(`<iframe src="${url}"></iframe>
<form method="post" action="${url}"><button name="outcome" value="succeeded">Win</button></form>`);
});
await new Promise((listening) => foreign.listen(0, "127.0.0.1", listening));

// Root cannot have Chromium's sandbox.
const browser = await chromium.launch({ executablePath, chromiumSandbox: process.getuid() !== 0 });
const page = await browser.newPage();
const statuses = [];
page.on("response", (response) => response.request().method() === "POST" && statuses.push(response.status()));

await page.goto(`http://localhost:${foreign.address().port}`);
const framed = await page.frames()[1].locator("button").count();
await page.getByText("Win").click();
await page.waitForLoadState();

const errors = [];
page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
await page.goto(url);
const cursor = await page.locator("button").first().evaluate((button) => getComputedStyle(button).cursor);
await page.locator("button").first().click();
const state = await page.getByRole("status").textContent();

console.log(JSON.stringify({ framed, statuses, cursor, state, errors: errors.filter((text) => !text.includes("404")) }));
await browser.close();
process.exit();
