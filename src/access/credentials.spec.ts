import { hashSecret, isAppKey, isSecretOf, newAppKey, newSecret, parseBearer } from './credentials.js';

describe('credentials', () => {
  it('are made of the characters of G-04 and divide at the first point', () => {
    const appKey = newAppKey();
    const secret = newSecret();
    expect(appKey).toMatch(/^ss_[0-9A-Za-z_]{3,37}$/);
    expect(isAppKey(appKey)).toBe(true);
    expect(secret).toMatch(/^[0-9A-Za-z_-]{43}$/);
    expect(parseBearer(`Bearer ${appKey}.${secret}`)).toEqual({ appKey, secret });
    expect(isSecretOf(secret, hashSecret(secret))).toBe(true);
    expect(isSecretOf(newSecret(), hashSecret(secret))).toBe(false);
  });

  it.each([
    'Bearer',
    'Bearer abcdef',
    'Bearer abcdef.short',
    'Basic abcdef.x',
    `Bearer ab-def.${'x'.repeat(43)}`,
    `Bearer abcdef.${'x'.repeat(129)}`,
  ])('refuses %s', (header) => expect(parseBearer(header)).toBeNull());
});
