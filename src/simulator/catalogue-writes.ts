// Catalogue entries that strike written items: duplicates, refusals, parents, silent changes (F14–F19, F31–F38, F50, F59).
import { choice, number, one, RECEIPTS, text, WRITES, type CatalogueEntry, type Params } from './catalogue-entry.js';
import type { FaultInput } from './faults.js';
import { deleteRow, undeleteRow } from './national-acts.js';
import { pickRow } from './row-picking.js';

const VOIDS = { bodyIncludes: '"op":"VOID"' };

const duplicates: Readonly<Record<string, CatalogueEntry>> = {
  F14: {
    title: 'the number is there with the same content: 2001',
    kind: 'wire',
    params: {},
    script: () => one('before-commit', { type: 'commit-first' }, WRITES),
  },
  F15: {
    title: '2001 without the national id, or with it in the text only',
    kind: 'wire',
    params: { where: 'nowhere (default) or text', provoke: 'false = only replies that are 2001 anyway; default true' },
    script: withoutId,
  },
  F16: {
    title: 'the number is there with another content: 2002',
    kind: 'wire',
    params: { set: 'fields of the other content; default one text field' },
    script: ({ set }) => one('before-commit', { type: 'other-copy', set }, WRITES),
  },
  F17: {
    title: 'the natural key is there from another channel: 2010',
    kind: 'wire',
    params: { origin: 'default portal', copies: 'default 1; 2 = 2011' },
    script: ({ origin, copies }) => one('before-commit', { type: 'foreign-twin', origin, copies }, WRITES),
  },
  F44: {
    title: 'a lookup shows two rows',
    kind: 'wire',
    params: {},
    script: () => one('after-commit-before-reply', { type: 'second-row' }, { op: 'lookup' }),
  },
};

function withoutId(params: Params): FaultInput[] {
  const inText = choice(params, 'where', ['nowhere', 'text']) === 'text';
  const edit = {
    remove: ['detail.nationalId'],
    set: { message: inText ? '重复提交，已有编号{nationalId}' : '重复提交' },
  };
  const first = params.provoke === false ? [] : one('before-commit', { type: 'commit-first' }, WRITES);
  return [
    ...first,
    ...one('after-commit-before-reply', { type: 'patch', ...edit }, { op: 'write', code: '2001' }),
    ...one('after-commit-before-reply', { type: 'patch', lines: { code: '2001', ...edit } }, RECEIPTS),
  ];
}

const refusals: Readonly<Record<string, CatalogueEntry>> = {
  F19: {
    title: 'some items of a batch are refused',
    kind: 'wire',
    params: { code: 'default 2201; which items: every, nth, probability, match.bodyIncludes; default every: 2' },
    script: (params) => [
      {
        point: 'before-item',
        every: 2,
        effect: {
          type: 'code',
          code: text(params, 'code', '2201'),
          detail: { fields: [{ path: 'data', rule: 'range', message: '校验不通过' }] },
        },
      },
    ],
  },
  F31: {
    title: 'the parent is missing: 2101 with its name',
    kind: 'wire',
    params: { parent: 'entity of the parent; default the first that the item names' },
    script: ({ parent }) => one('before-item', { type: 'parent', code: '2101', parent }),
  },
  F33: {
    title: 'a parent deleted nationally: 2104 for children, 2013 for itself',
    kind: 'wire',
    params: {
      entity: 'with bizNo: the row is deleted',
      bizNo: 'default none: children are told 2104',
      parent: 'as F31',
    },
    script: ({ bizNo, parent }) =>
      bizNo === undefined ? one('before-item', { type: 'parent', code: '2104', parent }) : null,
    apply(nation, params) {
      const row = deleteRow(nation, pickRow(nation, params, 'projects'));
      const { entity, bizNo, nationalId } = row;
      return { result: { entity, bizNo, nationalId }, undo: () => void undeleteRow(nation, { nationalId }) };
    },
  },
  F38: {
    title: 'field validation refuses the item: 2201',
    kind: 'wire',
    params: { path: 'default data.name', rule: 'default length' },
    script: (params) =>
      one('before-item', {
        type: 'code',
        code: '2201',
        detail: {
          fields: [
            { path: text(params, 'path', 'data.name'), rule: text(params, 'rule', 'length'), message: '格式错误' },
          ],
        },
      }),
  },
  F50: {
    title: 'a VOID is refused because a certificate was issued: 2014',
    kind: 'wire',
    params: { certNo: 'default ZM53-SIM-1' },
    script: (params) =>
      one(
        'before-item',
        { type: 'code', code: '2014', detail: { certNo: text(params, 'certNo', 'ZM53-SIM-1') } },
        VOIDS,
      ),
  },
  F59: {
    title: 'accepted, and stored with its text cut or its rare characters gone',
    kind: 'wire',
    params: {
      how: 'drop (default): characters outside GBK vanish; replace: they become ?; truncate',
      maxChars: 'kept when truncated, default 10',
      fields: 'default every free text',
    },
    script(params) {
      const how = choice(params, 'how', ['drop', 'replace', 'truncate']);
      return one('before-item', {
        type: 'mangle',
        fields: params.fields,
        dropUnknown: how === 'drop' ? true : undefined,
        replaceUnknown: how === 'replace' ? '?' : undefined,
        maxChars: how === 'truncate' ? number(params, 'maxChars', 10) : undefined,
      });
    },
  },
};

export const writeFaults: Readonly<Record<string, CatalogueEntry>> = { ...duplicates, ...refusals };
