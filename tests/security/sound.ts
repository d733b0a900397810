import assert from "node:assert/strict";
import type { Configuration } from "../../src/nginx/configuration.ts";
import { violations } from "./conformance.ts";

const shownLength = 80;
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** What is wrong with a configuration whatever the Services said: an intruder in the file, or a problem that lies. */
export const faults = ({ text, problems }: Configuration): readonly string[] => [
  ...violations(text),
  ...problems.flatMap(({ reason, key, value, message }) => {
    // Names of ports are shown as they are: limits-of-nginx.test.ts says so.
    const isOfPorts = reason === "Unroutable" && message.includes("; it has ");
    const shown = `${key} ${value} ${isOfPorts ? "" : message}`;
    return [
      ...((value ?? "").length > shownLength ? [`a value of ${value?.length} characters is shown`] : []),
      ...((key ?? "").length > shownLength + 40 ? [`a key of ${key?.length} characters is shown`] : []),
      ...(message.length > 1000 && !isOfPorts
        ? [`a message of ${message.length} characters: ${message.slice(0, 200)}`]
        : []),
      ...(invisible.test(shown) ? [`something invisible is shown: ${JSON.stringify(shown)}`] : []),
    ];
  }),
];

/** @throws AssertionError with the faults, and where they were found */
export const assertSound = (result: Configuration, where: string): void => assert.deepEqual(faults(result), [], where);
