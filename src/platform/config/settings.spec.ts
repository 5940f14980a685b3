import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSettings, projectRoot, renderExampleEnv, SettingsError, VARIABLES } from './index.js';

const problemsOf = (environment: Record<string, string>): readonly string[] => {
  try {
    loadSettings(environment);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
};

const NATIONAL = {
  NATIONAL_BASE_URL: 'https://national.example/api/',
  NATIONAL_APP_KEY: 'key',
  NATIONAL_APP_SECRET: 'secret',
  NATIONAL_FIELD_KEY: '0123456789abcdef0123456789ABCDEF',
};

describe('settings', () => {
  it('need nothing to be set', () => {
    const settings = loadSettings({});
    expect(settings).toMatchObject({ host: '127.0.0.1', port: 8080, role: 'all' });
    expect(settings.secretsDir).toBe(join(projectRoot(), 'var', 'secrets'));
    expect(settings).toMatchObject({ databaseUrl: null, redisUrl: null, allowPlainHttp: false });
    expect(settings.trustedProxies).toEqual(['127.0.0.1']);
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it('take an empty variable as an absent one', () => {
    expect(loadSettings({ PORT: '', REDIS_URL: ' ' })).toMatchObject({ port: 8080, redisUrl: null });
  });

  it('let storm control be hurried against a simulator only', () => {
    expect(problemsOf({ DELIVERY_TIME_SCALE: '60' }).join()).toMatch(/DELIVERY_TIME_SCALE.*NATIONAL_IS_SIMULATOR/);
    const settings = loadSettings({ DELIVERY_TIME_SCALE: '60', NATIONAL_IS_SIMULATOR: 'true' });
    expect(settings.deliveryTimeScale).toBe(60);
    expect(loadSettings({}).deliveryTimeScale).toBe(1);
  });

  it('cut the slash off the national base URL', () => {
    expect(loadSettings(NATIONAL).nationalBaseUrl).toBe('https://national.example/api');
  });

  it.each([
    ['PORT', '80a'],
    ['PORT', '70000'],
    ['ROLE', 'boss'],
    ['ALLOW_PLAIN_HTTP', 'yes'],
    ['DATABASE_URL', 'mysql://x/y'],
    ['REDIS_URL', 'localhost:6379'],
    ['NATIONAL_FIELD_KEY', 'abcd'],
    ['NATIONAL_PROFILE', '../etc'],
    ['TRUSTED_PROXIES', '10.0.0.0/33'],
    ['TRUSTED_PROXIES', 'proxy.local'],
    ['WORKER_CONCURRENCY', '0'],
  ])('refuse %s=%s with one sentence that names it and not its value', (name, value) => {
    const problems = problemsOf({ [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${name} must .+: correct it or remove it`));
    expect(problems[0]).not.toContain(value);
  });

  it('report all problems at once', () => {
    expect(problemsOf({ PORT: 'x', LOG_LEVEL: 'loud' })).toHaveLength(2);
  });

  it('ask for the credentials that go with a national base URL', () => {
    const problems = problemsOf({ NATIONAL_BASE_URL: 'https://national.example' });
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'NATIONAL_APP_KEY',
      'NATIONAL_APP_SECRET',
      'NATIONAL_FIELD_KEY',
    ]);
  });

  it('have a default that their own schema accepts', () => {
    for (const { name, default: fallback, schema } of Object.values(VARIABLES)) {
      if (fallback !== null) expect([name, schema.safeParse(fallback).success]).toEqual([name, true]);
    }
  });

  it('are written down in config/example.env, word for word', () => {
    expect(readFileSync(join(projectRoot(), 'config', 'example.env'), 'utf8')).toBe(renderExampleEnv());
  });
});
