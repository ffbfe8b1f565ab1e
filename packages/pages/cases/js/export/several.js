export const first = 1;
export const secondExport = 2;
export { plainExport } from "./plainExport.js";
