import { one } from "./one.js";
export const three = "three";
export const again = () => one();
