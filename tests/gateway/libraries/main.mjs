import { everything } from "./every.mjs";

console.log(JSON.stringify(await everything()));
