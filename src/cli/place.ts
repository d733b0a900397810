/** Where something stands in what was read; lines and columns count from 1. */
export interface Place {
  /** As the user named it; null: standard input. */
  readonly file: string | null;
  readonly line: number;
  readonly column: number;
}

/** `k8s/shop.yaml:12`, as editors and terminals make links of it. */
export const describePlace = ({ file, line }: Place): string => `${file ?? "<stdin>"}:${line}`;
