import { timingSafeEqual } from 'node:crypto';

/** Compares without telling by its time how much was right. */
export function isSameText(claimed: string, expected: string): boolean {
  const left = Buffer.from(claimed, 'utf8');
  const right = Buffer.from(expected, 'utf8');
  return left.length === right.length && timingSafeEqual(left, right);
}
