import { createRequire } from "node:module";
import * as provider from "openai-compatible-2";
import * as sdk from "ai-6";
import { adapt, compatible } from "./ai.mjs";

const read = createRequire(import.meta.url);
export const versions = () => ({ versions: [read("ai-6/package.json").version, provider.VERSION] });
export const { chat, stream, embed, described } = adapt(sdk, compatible(provider));
