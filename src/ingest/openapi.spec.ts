import { RECORD_KINDS } from '../records/index.js';
import { batchSchema } from './api-schemas.js';
import { openApiDocument } from './openapi.js';

describe('the OpenAPI document', () => {
  const document = openApiDocument() as unknown as {
    components: { schemas: Record<string, unknown> };
    openapi: string;
  };

  it('is 3.1 and resolves every reference', () => {
    expect(document.openapi).toBe('3.1.0');
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref ?? '');
    const known = new Set(Object.keys(document.components.schemas).map((id) => `#/components/schemas/${id}`));
    expect(refs.filter((ref) => !known.has(ref))).toEqual([]);
    expect(refs.length).toBeGreaterThan(30);
  });

  it('has the data of every kind', () => {
    const text = JSON.stringify(document.components.schemas.Item);
    for (const { name } of RECORD_KINDS) {
      const id = `${name.replaceAll(/(?:^|-)([a-z])/g, (_all, letter: string) => letter.toUpperCase())}Item`;
      expect(text).toContain(`#/components/schemas/${id}"`);
    }
  });

  it('documents as valid what the door takes as an example', () => {
    const items = RECORD_KINDS.flatMap(({ name, examples }) =>
      examples.map((data, index) => ({ kind: name, sourceId: `${name}-${index}`, data })),
    );
    expect(batchSchema.safeParse({ items }).success).toBe(true);
    expect(batchSchema.safeParse({ items: [] }).success).toBe(false);
    expect(batchSchema.safeParse({ items, more: 1 }).success).toBe(false);
  });
});
