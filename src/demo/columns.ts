/** Columns on a terminal: Han characters and full-width signs take two. */
export function widthOf(text: string): number {
  return [...text].reduce((width, sign) => width + (/[\u1100-\u115f\u2e80-\uffe6]/u.test(sign) ? 2 : 1), 0);
}
export const padRight = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)));
export const padLeft = (text: string, width: number): string => ' '.repeat(Math.max(0, width - widthOf(text))) + text;

/** As much of the text as fits: a line that wraps cannot be drawn over. */
export function cutTo(text: string, width: number): string {
  let cut = '';
  for (const sign of text) {
    if (widthOf(cut + sign) > width) return cut;
    cut += sign;
  }
  return cut;
}
