import OpenAI from "openai";
import { VERSION } from "openai/version";
import { adapt } from "./openai.mjs";

export const versions = () => ({ versions: [VERSION] });
export const { chat, stream, embed, described } = adapt(OpenAI);
