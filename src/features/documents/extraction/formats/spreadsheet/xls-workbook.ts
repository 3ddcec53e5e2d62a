/** What the cells of all sheets need to be shown. */
export type XlsWorkbook = {
  /** 2 to 5, or 8. */
  version: number;
  strings: string[];
  text(bytes: Uint8Array): string;
  number(value: number, cellFormat: number): string;
};
