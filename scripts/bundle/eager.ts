// V8 puts into its code cache what it compiled with the file; other functions are compiled at their first call, in each
// start anew. It compiles with the file what stands in parentheses:
// https://v8.dev/blog/preparser#pife

/** A function's place in a text: UTF-16 units from its beginning, as V8's coverage counts them. */
export interface FunctionRange {
  readonly startOffset: number;
  readonly endOffset: number;
}

/** esbuild's modules of CommonJS are methods, which cannot stand in parentheses: `"path"(exports, module) {…}`. */
const wrappedModule = /^"[^"]*"(?=\()/;
/** A method begins with its name, an arrow function with its parameters. */
const functionExpression = /^\(|^(?:async\s+)?(?:function\b|[\w$]+\s*=>)|^async\s*\([^)]*\)\s*=>/;

/** What stands around an expression that may be put in parentheses, and stays what it was. */
const opensExpression = /(?:[=(,:?[|&>]|\breturn|\breturn )$/;
const closesExpression = /^[\s,;)}\]:]/;

interface Insertion {
  readonly at: number;
  readonly text: string;
}

const insertionsFor = (text: string, { startOffset, endOffset }: FunctionRange): readonly Insertion[] => {
  const source = text.slice(startOffset, Math.min(endOffset, startOffset + 500));
  const before = text.slice(Math.max(0, startOffset - 12), startOffset);
  if (!closesExpression.test(text.slice(endOffset, endOffset + 1))) return [];
  const module = wrappedModule.exec(source);
  if (module !== null && before.endsWith("__commonJS({")) {
    return [
      { at: startOffset + module[0].length, text: ":(function" },
      { at: endOffset, text: ")" },
    ];
  }
  if (!functionExpression.test(source) || !opensExpression.test(before)) return [];
  return [
    { at: startOffset, text: "(" },
    { at: endOffset, text: ")" },
  ];
};

/**
 * Has V8 compile functions together with the file that they are in. Declarations, methods and accessors stay as they are.
 *
 * @param text the bundle, minified
 * @param functions those that a start calls
 */
export const compileEagerly = (text: string, functions: readonly FunctionRange[]): string => {
  const insertions = functions.flatMap((range) => insertionsFor(text, range));
  // At one place an inner function's end comes before the next one's beginning.
  const sorted = insertions.sort((a, b) => a.at - b.at || Number(b.text === ")") - Number(a.text === ")"));
  let from = 0;
  const parts: string[] = [];
  for (const { at, text: inserted } of sorted) {
    parts.push(text.slice(from, at), inserted);
    from = at;
  }
  return [...parts, text.slice(from)].join("");
};
