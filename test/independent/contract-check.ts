/** The assertions at rest: what the station was told against what the national side holds. */
import { jcs, normalise, sha256Hex, type Json, type JsonObject } from './canonical.js';
import { ENTITY_OF, expectedNational, type Resolver } from './expected-national.js';
import type { PlannedRecord } from './mutate.js';
import type { NationalView, RowView } from './national-view.js';
import type { StationClient } from './station-client.js';
import type { RecordStatus } from './station-types.js';

const STATES = ['queued', 'waiting', 'sending', 'unknown', 'pending', 'mirrored', 'attention', 'voided', 'unsupported'];
const MEMBERS = [
  ...['recordId', 'kind', 'sourceId', 'bizNo', 'version', 'state', 'since', 'nationalId', 'nationalVersion'],
  ...['waitingFor', 'lastOutcome', 'nextAttemptAt', 'dueBy', 'warnings', 'samePersonAs'],
];

export interface Evidence {
  records: PlannedRecord[];
  statuses: Map<string, RecordStatus>;
  rows: Map<string, RowView[]>;
}

export function keyOf(record: { kind: string; sourceId: string }): string {
  return `${record.kind}/${record.sourceId}`;
}

/** Reads every status and every national row. */
export async function gather(records: PlannedRecord[], client: StationClient, view: NationalView): Promise<Evidence> {
  const statuses = new Map<string, RecordStatus>();
  for (let at = 0; at < records.length; at += 6) {
    const slice = records.slice(at, at + 6);
    const found = await Promise.all(slice.map((record) => client.status(record.kind, record.sourceId)));
    found.forEach((status, index) => {
      if (status !== null) statuses.set(keyOf(slice[index] as PlannedRecord), status);
    });
  }
  const rows = new Map<string, RowView[]>();
  for (const [kind, entity] of Object.entries(ENTITY_OF)) rows.set(kind, await view.rows(entity));
  return { records, statuses, rows };
}

export function checkRecords(evidence: Evidence): string[] {
  const problems: string[] = [];
  const numbers = new Map<string, string>();
  const resolver = resolverOf(evidence);
  for (const record of evidence.records) {
    const key = keyOf(record);
    const status = evidence.statuses.get(key);
    if (status === undefined) {
      problems.push(`${key}: pushed and taken, but GET says 404`);
      continue;
    }
    const holder = numbers.get(status.bizNo);
    if (holder !== undefined) problems.push(`${key}: bizNo ${status.bizNo} is also that of ${holder} (G-67)`);
    numbers.set(status.bizNo, key);
    if (!/^[0-9A-Za-z_-]{1,64}$/.test(status.bizNo))
      problems.push(`${key}: bizNo ${status.bizNo} is outside the national character set`);
    for (const problem of [...shapeProblems(status), ...fateProblems(record, status, evidence, resolver)]) {
      problems.push(`${key}: ${problem}`);
    }
  }
  return [...problems, ...clashProblems(evidence), ...sumProblems(evidence), ...strangers(evidence, numbers)];
}

/** G-66: every member present; a record that is not through has a reason and a next step. */
function shapeProblems(status: RecordStatus): string[] {
  const problems = MEMBERS.filter((name) => !Object.hasOwn(status, name)).map((name) => `status has no ${name}`);
  if (!STATES.includes(status.state)) problems.push(`state ${status.state} is not one of §4`);
  const outcome = status.lastOutcome;
  if (
    outcome !== null &&
    !(['code', 'message', 'at', 'actor'] as const).every((name) => typeof outcome[name] === 'string')
  ) {
    problems.push(`lastOutcome is not {code, message, at, actor}: ${JSON.stringify(outcome)}`);
  }
  if (['mirrored', 'voided', 'unsupported'].includes(status.state)) return problems;
  const named = status.waitingFor.some((one) => one.reason.trim() !== '');
  if (!named && outcome === null) problems.push(`${status.state} without a reason`);
  const person = status.state === 'attention' && outcome !== null;
  if (!named && !person && status.nextAttemptAt === null) problems.push(`${status.state} without a next step`);
  return problems;
}

function rowsOf(evidence: Evidence, kind: string, bizNo: string): RowView[] {
  return (evidence.rows.get(kind) ?? []).filter((row) => row.bizNo === bizNo);
}

function fateProblems(record: PlannedRecord, status: RecordStatus, evidence: Evidence, resolver: Resolver): string[] {
  const rows = rowsOf(evidence, record.kind, status.bizNo);
  const live = rows.filter((row) => row.status === 'ACTIVE');
  const where = `${status.state} ${JSON.stringify(status.lastOutcome ?? status.waitingFor)}`;
  if (record.fate === 'mirrored') {
    if (status.state !== 'mirrored') return [`should be mirrored, is ${where}`];
    return mirroredProblems({ record, status, rows, resolver });
  }
  const code = status.lastOutcome?.code ?? '';
  if (record.fate.startsWith('clash')) {
    if (status.state === 'mirrored') return mirroredProblems({ record, status, rows, resolver });
    return status.state === 'attention' && record.codes.includes(code)
      ? []
      : [`should be mirrored or attention ${record.codes.join('/')}, is ${where}`];
  }
  const problems: string[] = [];
  if (status.state !== record.fate) problems.push(`should be ${record.fate}, is ${where}`);
  if (live.length > 0) problems.push(`is ${record.fate} but has a live national row`);
  if (record.fate === 'attention' && !record.codes.includes(code))
    problems.push(`attention with code ${code}, not ${record.codes.join('/')}`);
  return problems;
}

interface Mirrored {
  record: PlannedRecord;
  status: RecordStatus;
  rows: RowView[];
  resolver: Resolver;
}

/** Exactly one national row, live, at the version that was told, with the content of the last revision. */
function mirroredProblems(found: Mirrored): string[] {
  const { record, status, rows, resolver } = found;
  const row = rows[0];
  if (rows.length !== 1 || row === undefined) return [`has ${rows.length} national rows`];
  const problems: string[] = [];
  if (row.status !== 'ACTIVE') problems.push(`national row is ${row.status}`);
  if (status.nationalVersion !== status.version)
    problems.push(`nationalVersion ${status.nationalVersion}, version ${status.version} (G-13)`);
  if (row.version !== status.nationalVersion)
    problems.push(`national row has version ${row.version}, told ${status.nationalVersion}`);
  if (row.nationalId !== status.nationalId)
    problems.push(`nationalId ${status.nationalId}, the row has ${row.nationalId}`);
  const expected = normalise(
    expectedNational(record.kind, record.last.data ?? {}, resolver, status.bizNo),
  ) as JsonObject;
  const computed =
    record.kind === 'certificate-request' ? ['totalMinutes', 'recordCount', 'recordsHash', 'recordBizNos'] : [];
  const actual = normalise(row.data) as JsonObject;
  for (const field of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    if (computed.includes(field) || alike(field, expected[field], actual[field])) continue;
    problems.push(`field ${field}: expected ${jcs(expected[field])}, national ${jcs(actual[field])}`);
  }
  return problems;
}

/** Posts compare without postBizNo, whose suffix is the profile's choice (G-58). */
function alike(field: string, expected: Json | undefined, actual: Json | undefined): boolean {
  if (field !== 'posts' || !Array.isArray(expected) || !Array.isArray(actual)) return jcs(expected) === jcs(actual);
  const bare = (posts: Json[]): string => jcs(posts.map((post) => ({ ...(post as JsonObject), postBizNo: '' })));
  return bare(expected) === bare(actual);
}

function resolverOf(evidence: Evidence): Resolver {
  const last = new Map(evidence.records.map((record) => [keyOf(record), record.last.data ?? {}]));
  return {
    bizNo: (kind, sourceId) => evidence.statuses.get(`${kind}/${sourceId}`)?.bizNo ?? `no bizNo of ${kind}/${sourceId}`,
    data: (kind, sourceId) => last.get(`${kind}/${sourceId}`) ?? {},
  };
}

/** G-48: of records whose times overlap exactly one stands. */
function clashProblems(evidence: Evidence): string[] {
  const groups = new Map<string, string[]>();
  for (const record of evidence.records) {
    if (!record.fate.startsWith('clash')) continue;
    const states = groups.get(record.fate) ?? [];
    groups.set(record.fate, [...states, evidence.statuses.get(keyOf(record))?.state ?? '404']);
  }
  return [...groups]
    .filter(([, states]) => states.filter((state) => state === 'mirrored').length !== 1)
    .map(([group, states]) => `${group}: exactly one should be mirrored, they are ${states.join(', ')}`);
}

/** Σ minutes as integers: what the station was told is mirrored against what stands nationally. */
function sumProblems(evidence: Evidence): string[] {
  let told = 0;
  for (const record of evidence.records) {
    if (record.kind !== 'service-record') continue;
    if (evidence.statuses.get(keyOf(record))?.state === 'mirrored') told += Number(record.last.data?.minutes);
  }
  const standing = (evidence.rows.get('service-record') ?? []).filter(
    (row) => row.status === 'ACTIVE' && row.bizNo !== null,
  );
  const national = standing.reduce((sum, row) => sum + Number(row.data.minutes), 0);
  return told === national ? [] : [`Σ minutes: ${told} mirrored, ${national} on the national side`];
}

/** No live row under a number that no record has. */
function strangers(evidence: Evidence, numbers: Map<string, string>): string[] {
  const problems: string[] = [];
  for (const [kind, rows] of evidence.rows) {
    for (const row of rows) {
      if (row.bizNo === null || row.status !== 'ACTIVE' || numbers.has(row.bizNo)) continue;
      problems.push(`national ${kind} row ${row.bizNo} belongs to no record that was pushed`);
    }
  }
  return problems;
}

/** The mirrored records of the volunteer and the period of a certificate request (G-52). */
function coveredBy(request: PlannedRecord, evidence: Evidence): PlannedRecord[] {
  const { volunteerId, periodFrom, periodTo } = request.last.data ?? {};
  return evidence.records.filter((one) => {
    if (one.kind !== 'service-record' || one.last.data?.volunteerId !== volunteerId) return false;
    const day = String(one.last.data?.serviceDate);
    const inPeriod = String(periodFrom) <= day && day <= String(periodTo);
    return inPeriod && evidence.statuses.get(keyOf(one))?.state === 'mirrored';
  });
}

/** Certificates: ISSUED over the records that are mirrored, and the file of the station is the national file. */
export async function checkCertificates(
  evidence: Evidence,
  client: StationClient,
  withFiles: boolean,
): Promise<string[]> {
  const problems: string[] = [];
  for (const record of evidence.records.filter((one) => one.kind === 'certificate-request')) {
    const key = keyOf(record);
    const status = evidence.statuses.get(key);
    const row = rowsOf(evidence, record.kind, status?.bizNo ?? '')[0];
    if (status?.state !== 'mirrored' || row === undefined) continue;
    const covered = coveredBy(record, evidence);
    const minutes = covered.reduce((sum, one) => sum + Number(one.last.data?.minutes), 0);
    if (row.data.totalMinutes !== minutes || row.data.recordCount !== covered.length) {
      problems.push(
        `${key}: certified ${String(row.data.totalMinutes)} min of ${String(row.data.recordCount)} records, mirrored are ${minutes} of ${covered.length}`,
      );
    }
    if (row.certificate?.status !== 'ISSUED')
      problems.push(`${key}: mirrored, but the certificate is ${String(row.certificate?.status)}`);
    if (!withFiles) continue;
    const file = await client.certificateFile(record.sourceId);
    if (file.status !== 200 || sha256Hex(file.bytes) !== row.certificate?.sha256) {
      problems.push(`${key}: file answered ${file.status}, and is not the national file`);
    }
  }
  return problems;
}
