/** Small facts about text from outside that the parser, the canonical form and the door share. */

/** U+0000 and the C0 controls, except TAB and LF (G-27). */
// eslint-disable-next-line no-control-regex -- control characters are what this looks for
const FORBIDDEN_CONTROL = /[\u0000-\u0008\u000b-\u001f]/;

/** ES2024, present since Node 20; the compiler's library is ES2023. */
interface WellFormedString {
  isWellFormed(): boolean;
}

/** Whether every surrogate has its partner. */
export function isWellFormed(text: string): boolean {
  return (text as unknown as WellFormedString).isWellFormed();
}

/** Whether a text may be stored and sent at all: no NUL, no lone surrogate, no C0 control but TAB and LF (G-27). */
export function isCleanText(text: string): boolean {
  return !FORBIDDEN_CONTROL.test(text) && isWellFormed(text);
}

/** Length as the contract counts it: in code points (G-32). */
export function codePointLength(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i += text.codePointAt(i)! > 0xffff ? 2 : 1) length += 1;
  return length;
}

/** Whether there is nothing to see in a text: "not only blanks" (G-32). */
export function isBlank(text: string): boolean {
  return !/[^\s\p{Z}\p{Cc}\p{Cf}]/u.test(text);
}

/**
 * A name that may appear in a pointer. A key that nobody defined can hold anything, a person's name or number
 * included, and a pointer is part of a message (station-contract §1: never a person's data in a message).
 */
export function isSafeKey(key: string): boolean {
  return /^[0-9A-Za-z_-]{1,64}$/.test(key) && !/\d{6}/.test(key);
}

/**
 * RFC 6901 pointer of a path, cut before the first name that is not safe to repeat: it then names the parent.
 *
 * Shape    ['data', 'evidence', 0, 'ref'] → '/data/evidence/0/ref'
 * Source   G-29
 */
export function safePointer(path: readonly PropertyKey[]): string {
  let pointer = '';
  for (const segment of path) {
    if (typeof segment === 'symbol') return pointer;
    if (typeof segment === 'string' && !isSafeKey(segment)) return pointer;
    pointer += `/${segment}`;
  }
  return pointer;
}
