/** What an Event's note may hold. Source: `noteLengthLimit` in k8s.io/kubernetes/pkg/apis/core/validation/events.go. */
export const maxNoteBytes = 1024;

const ellipsis = "…";
const sizeOf = (text: string): number => Buffer.byteLength(text);

const cutTo = (text: string, maxBytes: number): string => {
  if (sizeOf(text) <= maxBytes) return text;
  const room = Buffer.alloc(maxBytes - sizeOf(ellipsis));
  // encodeInto stops before a character that does not fit whole.
  const { written } = new TextEncoder().encodeInto(text, room);
  return `${room.toString("utf8", 0, written)}${ellipsis}`;
};

/**
 * A note of one line and at most 1 KiB.
 *
 * @param text cut where it is too long
 * @param end never cut
 */
export const oneLineNote = (text: string, end = ""): string => {
  const flat = text.replace(/[\p{Cc}\s]+/gu, " ").trim();
  return `${cutTo(flat, maxNoteBytes - sizeOf(end))}${end}`;
};
