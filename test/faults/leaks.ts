import { Client } from 'pg';

/** Where a canary was found, and how it was spelt there. */
export interface Leak {
  readonly place: string;
  readonly canary: string;
  readonly spelling: string;
}

/** Something that was written down somewhere, as bytes. */
export interface Place {
  readonly name: string;
  readonly bytes: Buffer;
}

const text = (name: string, bytes: string): { name: string; bytes: Buffer } => ({ name, bytes: Buffer.from(bytes) });

/** UTF-16 with the low byte last. */
const bigEndian = (canary: string): Buffer => Buffer.from(canary, 'utf16le').swap16();

/** `\u9f98`, as JSON may spell what is not ASCII. */
const jsonEscaped = (canary: string): string =>
  [...canary].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');

/** The letters of the base64 of a text that holds these bytes at an offset of 0, 1 or 2: without those that touch others. */
function base64Spellings(bytes: Buffer): string[] {
  return [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const isWhole = (offset + bytes.length) % 3 === 0;
    return encoded.slice(offset === 0 ? 0 : offset + 1, isWhole ? undefined : -1);
  });
}

/** Every spelling that the scan knows. */
export function spellings(canary: string): Place[] {
  const utf8 = Buffer.from(canary);
  const percent = [...utf8].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  const hex = [utf8, Buffer.from(canary, 'utf16le'), bigEndian(canary)].map((bytes) => bytes.toString('hex'));
  return [
    { name: 'UTF-8', bytes: utf8 },
    { name: 'UTF-16LE', bytes: Buffer.from(canary, 'utf16le') },
    { name: 'UTF-16BE', bytes: bigEndian(canary) },
    text('URL-encoded', encodeURIComponent(canary)),
    text('URL-encoded, lower case', percent),
    text('URL-encoded, upper case', percent.toUpperCase()),
    text('JSON-escaped', jsonEscaped(canary)),
    ...base64Spellings(utf8).map((one) => text('base64', one)),
    ...base64Spellings(utf8).map((one) => text('base64url', one.replaceAll('+', '-').replaceAll('/', '_'))),
    ...hex.flatMap((one) => [text('hex', one), text('hex, upper case', one.toUpperCase())]),
  ];
}

export function findLeaks(places: readonly Place[], canaries: readonly string[]): Leak[] {
  const wanted = canaries.flatMap((canary) => spellings(canary).map((spelling) => ({ canary, spelling })));
  return places.flatMap(({ name, bytes }) =>
    wanted
      .filter(({ spelling }) => bytes.includes(spelling.bytes))
      .map(({ canary, spelling }) => ({ place: name, canary, spelling: spelling.name })),
  );
}

/** Where personal data may stand, encrypted. */
const SEALED = new Map([['public.record_version', ['sealed']]]);

/** Every row of every table as text (bytea as hex), but for what is sealed. */
export async function dumpDatabase(url: string): Promise<Place[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: columns } = await client.query<{ name: string; column: string; quoted: string }>(
      `SELECT c.table_schema || '.' || c.table_name AS name, c.column_name AS column,
         format('%I.%I', c.table_schema, c.table_name) AS quoted
       FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
       WHERE t.table_type = 'BASE TABLE' AND c.table_schema NOT IN ('pg_catalog', 'information_schema')`,
    );
    const places: Place[] = [];
    for (const { name, column, quoted } of columns) {
      if (SEALED.get(name)?.includes(column)) continue;
      const { rows } = await client.query<{ all: string | null }>(
        `SELECT string_agg(${client.escapeIdentifier(column)}::text, E'\\n') AS all FROM ${quoted}`,
      );
      places.push({ name: `${name}.${column}`, bytes: Buffer.from(rows[0]?.all ?? '') });
    }
    return places;
  } finally {
    await client.end();
  }
}
