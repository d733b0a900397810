/** Strings (with escapes) and the characters that give JSON its structure. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gs;

interface Level {
  /** Members seen so far; null within a list. */
  readonly keys: Set<string> | null;
  readonly path: string;
  index: number;
  key: string;
}

const pathIn = (level: Level | undefined): string => {
  if (level === undefined) return "";
  if (level.keys === null) return `${level.path}[${level.index}]`;
  return level.path === "" ? level.key : `${level.path}.${level.key}`;
};

/**
 * The paths of members that stand twice in one object. `JSON.parse` takes the last of them in silence.
 * @param text valid JSON
 */
export const duplicateKeys = (text: string): readonly string[] => {
  const duplicates: string[] = [];
  const levels: Level[] = [];
  let expectsKey = false;
  for (const [token] of text.matchAll(TOKEN)) {
    const level = levels.at(-1);
    if (token === "{" || token === "[") {
      levels.push({ keys: token === "{" ? new Set() : null, path: pathIn(level), index: 0, key: "" });
      expectsKey = token === "{";
    } else if (token === "}" || token === "]") {
      levels.pop();
      expectsKey = false;
    } else if (token === "," && level !== undefined) {
      level.index += 1;
      expectsKey = level.keys !== null;
    } else if (token.startsWith('"') && expectsKey && level?.keys) {
      level.key = JSON.parse(token);
      if (level.keys.has(level.key)) duplicates.push(pathIn(level));
      level.keys.add(level.key);
      expectsKey = false;
    }
  }
  return duplicates;
};
