/** A release's id as people say it. */
export const short = (release) => release.slice(0, 12);
