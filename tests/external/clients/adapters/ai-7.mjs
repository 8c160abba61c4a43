import { createRequire } from "node:module";
import * as provider from "@ai-sdk/openai-compatible";
import * as sdk from "ai";
import { adapt, compatible } from "./ai.mjs";

const read = createRequire(import.meta.url);
export const versions = () => ({ versions: [read("ai/package.json").version, provider.VERSION] });
export const { chat, stream, embed, described } = adapt(sdk, compatible(provider));
