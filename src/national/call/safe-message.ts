const MAX_CHARACTERS = 200;

/**
 * A national sentence made safe to store and show: numbers of six and more digits (ID numbers, mobiles) masked,
 * white space folded, cut to 200 characters. Masked before cutting, or a cut number would slip through.
 */
export function safeMessage(text: string): string {
  const masked = text
    .normalize('NFC')
    .replace(/\p{Nd}{6,}[Xx]?/gu, '******')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return [...masked].slice(0, MAX_CHARACTERS).join('');
}
