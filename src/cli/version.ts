declare const HOTROUTE_VERSION: string | undefined;

/** The version of package.json at build time; run from its sources, hotroute has none. */
export const version: string = typeof HOTROUTE_VERSION === "undefined" ? "development" : HOTROUTE_VERSION;
