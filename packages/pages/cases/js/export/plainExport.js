export const plainExport = "plain";
