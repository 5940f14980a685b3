// Text to GBK bytes for F10. Node decodes GBK but does not encode it, so the table is its decoder turned round.

const FIRST_LEAD = 0x81;
const LAST_LEAD = 0xfe;
const FIRST_TRAIL = 0x40;
const QUESTION_MARK = 0x3f;

let table: Map<string, number> | null = null;

function encodingTable(): Map<string, number> {
  const decoder = new TextDecoder('gbk');
  const made = new Map<string, number>();
  for (let lead = FIRST_LEAD; lead <= LAST_LEAD; lead += 1) {
    for (let trail = FIRST_TRAIL; trail <= LAST_LEAD; trail += 1) {
      const text = decoder.decode(Buffer.from([lead, trail]));
      if ([...text].length === 1 && text !== '\ufffd' && !made.has(text)) made.set(text, (lead << 8) | trail);
    }
  }
  return made;
}

export const isGbk = (char: string): boolean => char < '\u0080' || (table ??= encodingTable()).has(char);

/** Characters that GBK lacks become question marks, as they do in life. */
export function encodeGbk(text: string): Buffer {
  const known = (table ??= encodingTable());
  const bytes: number[] = [];
  for (const char of text) {
    const code = known.get(char);
    if (char < '\u0080') bytes.push(char.charCodeAt(0));
    else if (code === undefined) bytes.push(QUESTION_MARK);
    else bytes.push(code >> 8, code & 0xff);
  }
  return Buffer.from(bytes);
}
