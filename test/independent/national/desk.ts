/** What each endpoint of §1.4 answers, once the gate has let the call through. */
import { isObject, sha256Hex, token } from '../canonical.js';
import { beijingMs, beijingSeconds } from '../beijing.js';
import type { Batches } from './batches.js';
import type { Call } from './calls.js';
import { DICTIONARIES, DICTIONARY_VERSION } from './dictionaries.js';
import { fault } from './fields.js';
import type { Gate } from './gate.js';
import type { Ledger } from './ledger.js';
import { fail, fieldFail, ok, type Entity, type Outcome } from './model.js';
import { changes, dictionary, lookup } from './reads.js';
import type { Recon } from './recon.js';
import { certificateData } from './reviews.js';
import type { Writes } from './writes.js';

export interface FileReply {
  bytes: Buffer;
  type: string;
}

interface Parts {
  ledger: Ledger;
  gate: Gate;
  writes: Writes;
  batches: Batches;
  recon: Recon;
}

export class Desk {
  private readonly tickets = new Map<string, { certNo: string; until: number }>();

  constructor(
    private readonly parts: Parts,
    private readonly origin: () => string,
  ) {}

  handle(call: Call): Outcome | FileReply {
    const { route, json } = call;
    const needsJson = call.method === 'POST' && route.name !== 'file';
    if (needsJson && json === undefined) return fieldFail([fault('', 'json')]);
    const now = this.parts.ledger.now();
    if (route.entity !== null && route.name !== 'certificate') return this.onEntity(call, route.entity, now);
    switch (route.name) {
      case 'token':
        return isObject(json) && json.grant === 'app'
          ? this.parts.gate.issueToken(now)
          : fieldFail([fault('grant', 'enum')]);
      case 'time':
        return ok({ epochMs: now, serverTime: beijingMs(now) });
      case 'status':
        return this.status(now);
      case 'dict':
        return dictionary(route.arg, call.query);
      case 'receipt':
        return this.parts.batches.receipt(route.arg, call.query);
      case 'receipt-by-client':
        return this.parts.batches.receiptByClientNo(call.query);
      case 'changes':
        return changes(this.parts.ledger, call.query);
      default:
        return this.handleRest(call, now);
    }
  }

  private onEntity(call: Call, entity: Entity, now: number): Outcome {
    if (call.route.name === 'batch') return this.parts.batches.submit(entity, call.json, call.body);
    if (call.route.name === 'lookup') return lookup(this.parts.ledger, entity, call.json);
    return this.parts.writes.write(entity, call.json, now);
  }

  private handleRest(call: Call, now: number): Outcome | FileReply {
    const { route, json } = call;
    switch (route.name) {
      case 'totals':
        return this.parts.recon.totals(json);
      case 'digest':
        return this.parts.recon.digest(json);
      case 'detail':
        return this.parts.recon.detail(json);
      case 'export':
        return this.parts.recon.startExport(json);
      case 'export-state':
        return this.parts.recon.exportState(route.arg, this.origin());
      case 'export-file': {
        const bytes = this.parts.recon.exportFile(route.arg);
        return bytes === null ? fail('3001', '导出不存在') : { bytes, type: 'application/gzip' };
      }
      case 'certificate':
        return this.certificate(route.arg, now);
      case 'certificate-file':
        return this.certificateFile(call, now);
      default: {
        const expiresAt = beijingSeconds(now + 24 * 3600 * 1000);
        return ok({ fileId: token('F', 12), sha256: sha256Hex(call.body), size: call.body.length, expiresAt });
      }
    }
  }

  private status(now: number): Outcome {
    const { mode, window, batchItems, batchBytes, limits } = this.parts.ledger.settings;
    const quota = this.parts.gate.quotaState(now);
    const dictionaries = Object.fromEntries(Object.keys(DICTIONARIES).map((name) => [name, DICTIONARY_VERSION]));
    return ok({
      mode,
      window: { ...window, timeZone: 'Asia/Shanghai' },
      quota: { ...quota },
      limits: { batchItems, batchBytes, qps: limits.qps, concurrency: limits.concurrency },
      dictionaries,
      deprecations: [],
    });
  }

  private certificate(bizNo: string, now: number): Outcome {
    const row = this.parts.ledger.own('certificate-requests', bizNo);
    if (row === undefined)
      return fail('2101', '证明申请不存在', { missing: [{ entity: 'certificate-requests', bizNo }] });
    const ticket = token('k', 12);
    const certNo = row.certificate?.certNo;
    if (certNo !== undefined) this.tickets.set(ticket, { certNo, until: now + 15 * 60_000 });
    const pollAfterMs = this.parts.ledger.settings.certificatePollAfterMs;
    return ok(certificateData(row, { origin: this.origin(), pollAfterMs, ticket }));
  }

  private certificateFile(call: Call, now: number): Outcome | FileReply {
    const ticket = call.query.get('ticket');
    if (ticket !== undefined) {
      const known = this.tickets.get(ticket);
      if (known === undefined || known.certNo !== call.route.arg || known.until < now)
        return fail('2302', '凭证已失效');
    }
    const rows = this.parts.ledger.of('certificate-requests');
    const certificate = rows.find((row) => row.certificate?.certNo === call.route.arg)?.certificate;
    if (certificate?.file === undefined) return fail('2302', '证明未就绪');
    return { bytes: certificate.file, type: 'application/pdf' };
  }
}
