// Names as teams give them. nginx compares each upstream's name with all before it, so names that all begin alike would make
// `nginx -t` slower than it is for anybody: twice as slow with 10,000 Services named app-0 to app-9999.
const words = [
  "account",
  "billing",
  "cart",
  "delivery",
  "export",
  "feed",
  "gateway",
  "health",
  "invoice",
  "jobs",
  "kiosk",
  "ledger",
  "mail",
  "notify",
  "orders",
  "payment",
  "quote",
  "report",
  "search",
  "tax",
];

export const serviceName = (index: number): string => `${words[index % words.length]}-${index}`;

/** The host that a Service has before any change. */
export const firstHost = (index: number): string => `${serviceName(index)}.example.com`;
