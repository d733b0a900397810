/** The host that a Service has before any change. */
export const firstHost = (index: number): string => `app-${index}.example.com`;
