import { two } from "./two.js";
import { three } from "./three.js";
export const one = () => `one ${two()} ${three}`;
