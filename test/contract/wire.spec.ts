import { gzipSync } from 'node:zlib';
import type { GatewayOutcome, NationalGateway, WriteAnswer } from '../../src/national/index.js';
import {
  NationDouble,
  SECRET,
  envelopeBytes,
  gatewayTo,
  logged,
  say,
  trainingItem,
  volunteerItem,
  type Script,
} from './nation-double.js';

// Real sockets: what leaves, what comes back broken, and how long it takes.

let nation: NationDouble;
let url: string;
let gateway: NationalGateway;

beforeEach(async () => {
  nation = new NationDouble();
  url = await nation.start();
  gateway = gatewayTo(url);
});
afterEach(() => nation.stop());

const DONE = { code: '0000', payload: { outcome: 'CREATED', nationalId: 'TR1' } } as const;

async function writeOne(through: NationalGateway = gateway, bizNo = 'YN-TR-1'): Promise<WriteAnswer> {
  return through.write(through.prepare([trainingItem(bizNo)], null));
}
function outcomeOf(answer: WriteAnswer): GatewayOutcome {
  const outcome = answer.level === 'call' ? answer.outcome : [...answer.items.values()][0];
  if (!outcome) throw new Error('no outcome');
  return outcome;
}
async function writeInto(script: Script): Promise<GatewayOutcome> {
  nation.on('trainings', script);
  return outcomeOf(await writeOne());
}
async function statusInto(script: Script): Promise<GatewayOutcome | null> {
  nation.on('sys/status', script);
  const answer = await gateway.status();
  return answer.status === 'failed' ? answer.outcome : null;
}

describe('what leaves', () => {
  it('sends the headers of §1.2 and asks for no compression', async () => {
    await writeInto((seen, reply) => say(seen, reply, DONE));
    const write = nation.seen.find((one) => one.path === '/gw/v1/trainings');
    expect(write?.headers).toMatchObject({
      'x-app-key': 'vgw-demo-530000',
      'x-access-token': 't-1',
      'x-sign-method': 'HMAC-SHA256',
      'x-contract': 'ref-v1',
      'accept-encoding': 'identity',
    });
    expect(write?.headers['x-nonce']).toMatch(/^[0-9a-f]{32}$/);
    expect(nation.seen[0]?.headers['x-access-token']).toBe('');
  });

  it("keeps a path in front of the contract's paths", async () => {
    const behind = gatewayTo(`${url}/relay/`);
    const answer = await writeOne(behind);
    expect(outcomeOf(answer)).toMatchObject({ class: 'HALT', code: 'HTTP_ERROR' });
    expect(nation.seen[0]?.path).toBe('/relay/gw/v1/auth/token');
  });

  it('logs no word of the record', async () => {
    logged.length = 0;
    nation.on('volunteers', (_seen, reply) => void reply.destroy());
    await gateway.write(gateway.prepare([volunteerItem('YN-VO-1')], null));
    expect(logged.length).toBeGreaterThan(0);
    expect(logged.join('\n')).not.toMatch(/测试丙|13800000000|53340119900101001X|vgw-demo-secret|sm4:/);
  });
});

describe('no complete reply', () => {
  it('refused connection: RETRY, nothing can have been stored', async () => {
    await nation.stop();
    expect(outcomeOf(await writeOne())).toMatchObject({ class: 'RETRY', code: 'TRANSPORT' });
    nation = new NationDouble();
  });

  it('refused connection after a first good call: still RETRY', async () => {
    nation.on('trainings', (seen, reply) => say(seen, reply, DONE));
    await writeOne();
    await nation.stop();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(outcomeOf(await writeOne())).toMatchObject({ class: 'RETRY', code: 'TRANSPORT' });
    nation = new NationDouble();
  });

  it('a failing TLS handshake: RETRY', async () => {
    const secure = gatewayTo(url.replace('http:', 'https:'));
    expect(outcomeOf(await writeOne(secure))).toMatchObject({ class: 'RETRY', code: 'TRANSPORT' });
    expect(nation.seen).toHaveLength(0);
  });

  it('reset after the request: AMBIG for a write, RETRY for a read', async () => {
    const reset: Script = (_seen, reply) => void reply.socket?.resetAndDestroy();
    expect(await writeInto(reset)).toMatchObject({ class: 'AMBIG', code: 'TRANSPORT' });
    expect(await statusInto(reset)).toMatchObject({ class: 'RETRY', code: 'TRANSPORT' });
  });

  it('reset on a reused socket (F58): AMBIG', async () => {
    nation.on('trainings', (seen, reply) => say(seen, reply, DONE));
    await writeOne();
    nation.on('trainings', (_seen, reply) => void reply.socket?.destroy());
    expect(outcomeOf(await writeOne())).toMatchObject({ class: 'AMBIG', code: 'TRANSPORT' });
  });

  it('a reply cut in its middle (F13): AMBIG', async () => {
    const cut: Script = (_seen, reply) => {
      reply.writeHead(200, { 'Transfer-Encoding': 'chunked' });
      reply.write('{"code":"0000",');
      setTimeout(() => reply.socket?.destroy(), 5);
    };
    expect(await writeInto(cut)).toMatchObject({ class: 'AMBIG', code: 'TRANSPORT' });
  });

  it('one byte at a time (F12): the total deadline ends it', async () => {
    const trickle: Script = (_seen, reply) => {
      const timer = setInterval(() => reply.write(' '), 20);
      reply.on('close', () => clearInterval(timer));
    };
    // The trickle never ends by itself: without the total deadline neither line would return.
    expect(await writeInto(trickle)).toMatchObject({ class: 'AMBIG', code: 'DEADLINE' });
    expect(await statusInto(trickle)).toMatchObject({ class: 'RETRY', code: 'DEADLINE' });
  });

  it('a token that never comes: RETRY at the deadline, the write was not sent', async () => {
    nation.token = () => undefined;
    expect(outcomeOf(await writeOne())).toMatchObject({ class: 'RETRY', code: 'DEADLINE' });
    expect(nation.count('trainings')).toBe(0);
  });
});

/** Made before the deadline runs. */
const GZIP_BOMB = gzipSync(Buffer.alloc(64 * 1024 * 1024));

describe('bodies', () => {
  it.each([
    ['gzip although not asked for', (bytes: Buffer) => gzipSync(bytes), 'DONE', '0000'],
    ['gzip twice', (bytes: Buffer) => gzipSync(gzipSync(bytes)), 'AMBIG', 'NOT_ENVELOPE'],
    ['a gzip bomb', () => GZIP_BOMB, 'AMBIG', 'NOT_ENVELOPE'],
    ['a broken gzip', (bytes: Buffer) => gzipSync(bytes).subarray(0, 20), 'AMBIG', 'NOT_ENVELOPE'],
    ['more than the cap', () => Buffer.alloc(9 * 1024 * 1024, 32), 'AMBIG', 'NOT_ENVELOPE'],
    [
      'a byte order mark outside the signed bytes',
      (bytes: Buffer) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]),
      'AMBIG',
      'SIGNATURE',
    ],
    ['trailing bytes', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('\n}')]), 'AMBIG', 'NOT_ENVELOPE'],
  ] as const)('%s', async (_name, encode, outcomeClass, code) => {
    expect(await writeInto((seen, reply) => say(seen, reply, { ...DONE, encode }))).toMatchObject({
      class: outcomeClass,
      code,
    });
  });

  it('GBK under a UTF-8 label (F10) is readable, and rules still see its text', async () => {
    // 访问过于频繁 in GBK
    const gbk = Buffer.from('b7c3cecab9fdd3dac6b5b7b1', 'hex');
    const write = (text: string): Buffer => {
      const [head = '', tail = ''] = text.split('…');
      return Buffer.concat([Buffer.from(head), gbk, Buffer.from(tail)]);
    };
    const outcome = await writeInto((seen, reply) => say(seen, reply, { code: '2299', write }));
    expect(outcome).toMatchObject({ class: 'QUOTA', scope: 'qps', message: '请求过于频繁' });
  });

  it('never follows a redirect (F57)', async () => {
    const outcome = await writeInto((_seen, reply) => void reply.writeHead(302, { Location: `${url}/login` }).end());
    expect(outcome).toMatchObject({ class: 'AMBIG', pausesOperation: true });
    expect(nation.seen.some((one) => one.path === '/login')).toBe(false);
  });
});

describe('signature of the reply', () => {
  it('wrong or missing: AMBIG for a write, RETRY for a read', async () => {
    expect(await writeInto((seen, reply) => say(seen, reply, { ...DONE, secret: 'forger' }))).toMatchObject({
      class: 'AMBIG',
      code: 'SIGNATURE',
    });
    expect(await writeInto((seen, reply) => say(seen, reply, { ...DONE, secret: null }))).toMatchObject({
      class: 'AMBIG',
      code: 'SIGNATURE',
    });
    expect(await statusInto((seen, reply) => say(seen, reply, { code: '0000', secret: null }))).toMatchObject({
      class: 'RETRY',
      code: 'SIGNATURE',
    });
  });

  it('mixed HTTP statuses (A7): a signed envelope decides, an unsigned one leaves it to the status', async () => {
    const busy = { code: '5000', status: 503 };
    expect(await writeInto((seen, reply) => say(seen, reply, busy))).toMatchObject({ class: 'RETRY', code: '5000' });
    expect(await writeInto((seen, reply) => say(seen, reply, { ...busy, secret: null }))).toMatchObject({
      class: 'AMBIG',
      code: 'HTTP_ERROR',
    });
  });

  it('covers the bytes, not the text: a changed byte is noticed', async () => {
    const bytes = envelopeBytes(DONE);
    const encode = (): Buffer => Buffer.from(bytes.toString('utf8').replace('TR1', 'TR2'));
    expect(await writeInto((seen, reply) => say(seen, reply, { ...DONE, encode }))).toMatchObject({
      code: 'SIGNATURE',
    });
  });
});

describe('clock and secret', () => {
  it('1003: reads the time once, sends once more, and knows the national clock from then on', async () => {
    const aheadMs = 10 * 60_000;
    nation.on('sys/time', (_seen, reply) => {
      const epochMs = Date.now() + aheadMs;
      reply.setHeader('X-Server-Time', String(epochMs));
      reply.end(JSON.stringify({ code: '0000', message: '', data: { epochMs, serverTime: 'x' } }));
    });
    const strict: Script = (seen, reply) => {
      const isInTime = Math.abs(Number(seen.headers['x-timestamp']) - Date.now() - aheadMs) < 300_000;
      say(seen, reply, { ...(isInTime ? DONE : { code: '1003' }), serverTimeMs: Date.now() + aheadMs });
    };
    expect(await writeInto(strict)).toMatchObject({ class: 'DONE' });
    expect(Math.abs(gateway.nationalNowMs() - Date.now() - aheadMs)).toBeLessThan(60_000);
    expect(nation.count('sys/time')).toBeLessThanOrEqual(1);
  });

  it('1003 that stays: RETRY after one resend', async () => {
    nation.on('sys/time', (_seen, reply) => void reply.writeHead(500).end());
    expect(await writeInto((seen, reply) => say(seen, reply, { code: '1003' }))).toMatchObject({
      class: 'RETRY',
      code: '1003',
    });
    expect(nation.count('trainings')).toBe(2);
  });

  it('1002: the next secret once, and it is kept', async () => {
    const rotated: Script = (seen, reply) => say(seen, reply, { ...DONE, secret: 'next-secret' });
    nation.on('trainings', rotated);
    nation.token = (seen, reply) => {
      // The first attempt is refused and signed with a secret that the adapter does not use yet.
      const isFirst = nation.count('auth/token') === 1;
      say(
        seen,
        reply,
        isFirst
          ? { code: '1002', secret: 'next-secret' }
          : { code: '0000', payload: nation.nextToken(), secret: 'next-secret' },
      );
    };
    const rotating = gatewayTo(url, { appSecret: `${SECRET},next-secret` });
    expect(outcomeOf(await writeOne(rotating))).toMatchObject({ class: 'DONE' });
    expect(nation.count('auth/token')).toBe(2);
  });

  it('1002 with no other secret: HALT of the profile (F27)', async () => {
    expect(await writeInto((seen, reply) => say(seen, reply, { code: '1002' }))).toMatchObject({
      class: 'HALT',
      scope: 'profile',
      isSoft: false,
    });
    expect(nation.count('trainings')).toBe(1);
  });
});
