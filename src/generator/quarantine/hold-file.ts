import type { ServiceRecord } from "../../routes/service.ts";
import { isJsonObject, isServiceRecord } from "../../routes/service-list.ts";

/** What of a hold outlives the process: without it, a restart would give nginx the refused version once more. */
export interface KeptHold {
  readonly refused: ServiceRecord;
  readonly served: ServiceRecord | null;
  readonly words: string;
  readonly isCertain: boolean;
}

const isText = (value: unknown): value is string => typeof value === "string";

const isKeptHold = (value: unknown): value is KeptHold =>
  isJsonObject(value) &&
  isServiceRecord(value.refused) &&
  (value.served === null || isServiceRecord(value.served)) &&
  isText(value.words) &&
  typeof value.isCertain === "boolean";

/** @returns none where the text is not of this version: then nginx will refuse what it refused once more */
export const parseHolds = (text: string): readonly KeptHold[] => {
  try {
    const raw: unknown = JSON.parse(text);
    return isJsonObject(raw) && raw.version === 1 && Array.isArray(raw.holds) ? raw.holds.filter(isKeptHold) : [];
  } catch {
    return [];
  }
};

export const formatHolds = (holds: readonly KeptHold[]): string => `${JSON.stringify({ version: 1, holds })}\n`;
