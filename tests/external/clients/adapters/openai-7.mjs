import OpenAI from "openai-7";
import { VERSION } from "openai-7/version";
import { adapt } from "./openai.mjs";

export const versions = () => ({ versions: [VERSION] });
export const { chat, stream, embed, described } = adapt(OpenAI);
