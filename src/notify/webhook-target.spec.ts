import { isPublicAddress } from './public-address.js';
import { parseTarget, resolveTarget, WebhookTargetError } from './webhook-target.js';

describe('where a webhook may go (S57)', () => {
  it.each([
    '127.0.0.1', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.0.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '224.0.0.1',
    '255.255.255.255', '198.18.0.1', '::1', '::', 'fe80::1', 'fd00::1', 'ff02::1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '64:ff9b::7f00:1',
    '2002:7f00:1::', '2001:db8::1', '2001::1', 'not-an-address',
  ])('never to %s', (address) => expect(isPublicAddress(address)).toBe(false)); // prettier-ignore

  it.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '2606:4700::1111', '240e::1'])('to %s', (address) =>
    expect(isPublicAddress(address)).toBe(true),
  );

  it.each([
    'http://example.com/',
    'ftp://example.com/',
    'https://user:pass@example.com/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0177.0.0.1/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::1]:8443/x',
    'nonsense',
  ])('refuses %s when it is registered', (url) => expect(() => parseTarget(url, false)).toThrow(WebhookTargetError));

  it('takes the public internet, and with leave our own network', () => {
    expect(parseTarget('https://example.com/hook#x', false).href).toBe('https://example.com/hook');
    expect(parseTarget('http://127.0.0.1:9/x', true).href).toBe('http://127.0.0.1:9/x');
  });

  it('refuses a name of which one address is ours, and resolves once', async () => {
    let asked = 0;
    const resolve = () => {
      asked += 1;
      return Promise.resolve([
        { address: '8.8.8.8', family: 4 },
        { address: '10.0.0.1', family: 4 },
      ]);
    };
    const url = new URL('https://example.com/');
    await expect(resolveTarget(url, { allowInternal: false, resolve })).rejects.toThrow('public internet');
    expect(asked).toBe(1);
    await expect(resolveTarget(url, { allowInternal: true, resolve })).resolves.toEqual({
      address: '8.8.8.8',
      family: 4,
    });
  });
});
