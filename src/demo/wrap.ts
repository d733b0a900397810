/**
 * Breaks a text at its blanks into lines of at most `columns` characters; a longer word stays whole.
 *
 * @param separator what stands between words of one line
 */
export const wrap = (words: readonly string[], columns: number, separator = " "): readonly string[] => {
  const lines: string[] = [];
  let line: string | null = null;
  for (const word of words) {
    const longer: string = line === null ? word : `${line}${separator}${word}`;
    if (line !== null && longer.length > columns) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  if (line !== null) lines.push(line);
  return lines;
};
