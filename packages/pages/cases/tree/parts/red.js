import { capital } from "./words.js";
export const name = capital("red");
