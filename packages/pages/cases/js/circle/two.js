import { three } from "./three.js";
export const two = () => `two ${three}`;
