// The control plane (§2.1.6): scripts faults, moves the clock, reads the ledger, acts for the nation. Loopback, no auth.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { bodyOf, type Answer, type Control, type ControlCall } from './control-call.js';
import { controlFaults } from './control-faults.js';
import { controlState } from './control-state.js';
import { controlWatch } from './control-watch.js';
import { plainRows, rowChunks, summaries } from './ledger-view.js';
import { isEntity } from './model.js';
import {
  ActRefused,
  deleteRow,
  editRow,
  loadRow,
  mergeRows,
  purgeRow,
  reassignRow,
  splitRow,
  undeleteRow,
  type Edit,
  type LoadLine,
  type Named,
  type Ruling,
} from './national-acts.js';
import type { Nation } from './nation.js';
import { isReviewKind, resumeReviews } from './reviews.js';
import { rule } from './rulings.js';

const MAX_LEDGER_ROWS = 10_000;

const ACTS: Readonly<Record<string, Control>> = {
  'GET ledger': readLedger,
  'GET ledger/summary': ({ nation }) => summaries(nation.ledger),
  'GET ledger/rows': ({ nation, query }) => {
    const entity = query.get('entity');
    if (!isEntity(entity)) throw new ActRefused('which entity?');
    return Readable.from(rowChunks(nation.ledger, entity));
  },
  'POST national-edit': (call) => editRow(call.nation, bodyOf<Edit>(call)),
  'POST merge': (call) => {
    const { entity, from, to, fromBizNo, toBizNo } = bodyOf<Record<string, string | undefined>>(call);
    const named = (nationalId?: string, bizNo?: string): Named => ({
      nationalId,
      entity: entity ?? 'volunteers',
      bizNo,
    });
    return mergeRows(call.nation, named(from, fromBizNo), named(to, toBizNo));
  },
  'POST split': (call) => splitRow(call.nation, bodyOf<Named>(call)),
  'POST reassign': (call) => {
    const { toNationalId, ...named } = bodyOf<Named & { toNationalId?: string }>(call);
    return reassignRow(call.nation, named, toNationalId);
  },
  'POST delete': (call) => {
    const { purge, undo, ...named } = bodyOf<Named & { purge?: boolean; undo?: boolean }>(call);
    if (purge === true) {
      purgeRow(call.nation, named);
      return { purged: true };
    }
    return undo === true ? undeleteRow(call.nation, named) : deleteRow(call.nation, named);
  },
  'POST audit': audit,
  'POST bulk-load': bulkLoad,
  ...controlFaults,
  ...controlState,
  ...controlWatch,
};

function readLedger({ nation, query }: ControlCall): Answer {
  const entity = query.get('entity');
  if (entity !== null && !isEntity(entity)) throw new ActRefused(`no entity ${entity}`);
  const limit = Math.min(Number(query.get('limit') ?? MAX_LEDGER_ROWS), MAX_LEDGER_ROWS);
  return { rows: plainRows(nation.ledger, { entity, status: query.get('status'), bizNo: query.get('bizNo'), limit }) };
}

/** Either a decision on one row, or {entity, auto} to hold or resume the reviews of a kind. */
function audit(call: ControlCall): Answer {
  const { auto, ...ruling } = bodyOf<Ruling & { auto?: boolean }>(call);
  const { nation } = call;
  if (auto === undefined) return rule(nation, ruling);
  const { entity } = ruling;
  if (!isEntity(entity) || !isReviewKind(entity)) throw new ActRefused(`${entity} has no review`);
  nation.settings.reviews[entity].auto = auto;
  if (auto) resumeReviews(nation, entity);
  return { entity, auto };
}

function bulkLoad({ nation, text }: ControlCall): Answer {
  const refused: { line: number; error: string }[] = [];
  let loaded = 0;
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    try {
      loadRow(nation, JSON.parse(line) as LoadLine);
      loaded += 1;
    } catch (error) {
      refused.push({ line: i + 1, error: String(error) });
    }
  }
  return { loaded, refused };
}

export async function serveControl(nation: Nation, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://control');
  const path = url.pathname.replace(/^\/sim\//, '');
  const [head = '', ...rest] = path.split('/');
  const act = ACTS[`${request.method} ${path}`] ?? ACTS[`${request.method} ${head}/{argument}`];
  if (act === undefined)
    return sendJson(response, 404, { error: `no such control: ${request.method} ${url.pathname}` });
  const text = await readText(request);
  try {
    const answer = await act({ nation, query: url.searchParams, argument: decodeURIComponent(rest.join('/')), text });
    nation.journal.settle();
    if (answer instanceof Readable) {
      response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
      answer.pipe(response);
      return;
    }
    sendJson(response, 200, answer);
  } catch (error) {
    const field = error instanceof ActRefused ? error.field : undefined;
    sendJson(response, 400, { error: error instanceof Error ? error.message : String(error), field });
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body), 'utf8');
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(bytes.length),
  });
  response.end(bytes);
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
