import { double } from "./double.js";
onmessage = ({ data }) => postMessage(double(data));
