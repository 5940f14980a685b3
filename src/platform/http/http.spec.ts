import { languageOf } from './language.js';
import { Peers } from './peers.js';
import { traceIdOf } from './trace.js';

describe('the language of an answer', () => {
  it.each([
    [undefined, 'zh'],
    ['', 'zh'],
    ['*', 'zh'],
    ['en', 'en'],
    ['en-GB,en;q=0.9', 'en'],
    ['zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
    ['zh;q=0.5, en;q=0.8', 'en'],
    ['en;q=0', 'zh'],
    ['de, fr', 'zh'],
  ])('of %p is %s', (header, language) => expect(languageOf(header)).toBe(language));
});

describe('the trace id', () => {
  it('is the caller one when it is well formed, else new', () => {
    const id = '4bf92f3577b34da6a3ce929d0e0e4736';
    expect(traceIdOf(`00-${id}-00f067aa0ba902b7-01`)).toBe(id);
    for (const other of [undefined, id, `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, `00-${id}-${'0'.repeat(16)}-01`]) {
      expect(traceIdOf(other)).toMatch(/^[0-9a-f]{32}$/);
      expect(traceIdOf(other)).not.toBe(id);
    }
  });
});

describe('peers without TLS (G-01)', () => {
  const peers = new Peers(['10.0.0.1', '10.1.0.0/16', 'fd00::/8'], false);

  it.each([
    ['127.0.0.1', undefined, true],
    ['::1', undefined, true],
    ['::ffff:127.0.0.1', undefined, true],
    ['192.168.1.5', undefined, false],
    ['192.168.1.5', 'https', false],
    ['10.0.0.1', undefined, false],
    ['10.0.0.1', 'http', false],
    ['10.0.0.1', 'https', true],
    ['::ffff:10.1.2.3', 'http, https', true],
    ['10.1.2.3', 'https, http', false],
    ['fd00::5', 'HTTPS', true],
    [undefined, 'https', false],
  ])('from %p with proto %p may enter: %p', (peer, proto, may) => expect(peers.mayEnter(peer, proto)).toBe(may));

  it('come in on a closed network', () => expect(new Peers([], true).mayEnter('192.168.1.5', undefined)).toBe(true));
});
