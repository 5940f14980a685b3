import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { VARIABLES } from '../../../src/platform/config/index.js';
import { CHECKOUT } from '../../harness/run.js';

interface Service {
  command?: string[];
  environment?: Record<string, string>;
  volumes?: string[];
  ports?: string[];
}

const read = (name: string): string => readFileSync(join(CHECKOUT, name), 'utf8');
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: object;
};
const OURS = ['api', 'worker'];
const known = new Set<string>(Object.values(VARIABLES).map((variable) => variable.name));

describe('docker-compose.yml', () => {
  it.each(OURS)('gives %s only variables that the settings know', (name) => {
    const given = Object.keys(compose.services[name]?.environment ?? {});
    expect(given.filter((variable) => !known.has(variable))).toEqual([]);
    expect(given).toEqual(expect.arrayContaining(['DATABASE_URL', 'REDIS_URL', 'NATIONAL_BASE_URL', 'SECRETS_DIR']));
  });

  it.each(OURS)('starts %s as `node dist/src/main.js <role>`, and its ROLE says the same', (name) => {
    expect(compose.services[name]?.command).toEqual(['node', 'dist/src/main.js', name]);
    expect(compose.services[name]?.environment?.ROLE).toBe(name);
  });

  it('shares one volume of keys between api and worker, and declares every volume', () => {
    const secrets = `secrets:${compose.services.api?.environment?.SECRETS_DIR}`;
    for (const name of OURS) expect(compose.services[name]?.volumes).toEqual([secrets]);
    const used = Object.values(compose.services).flatMap(({ volumes = [] }) =>
      volumes.map((mount) => mount.split(':')[0]),
    );
    expect([...new Set(used)].sort()).toEqual(Object.keys(compose.volumes).sort());
  });

  it('lets the queue lose nothing for want of memory', () => {
    expect(compose.services.redis?.command?.join(' ')).toContain('--maxmemory-policy noeviction');
  });

  it('opens ports to this machine only', () => {
    for (const { ports = [] } of Object.values(compose.services)) {
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    }
  });
});

describe('the Dockerfile', () => {
  it('copies from the checkout only what is there', () => {
    const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
      ([, names]) => names?.split(' ') ?? [],
    );
    expect(copied.length).toBeGreaterThan(5);
    expect(copied.filter((name) => !existsSync(join(CHECKOUT, name)))).toEqual([]);
  });

  it('does not run as root', () => {
    expect(read('Dockerfile')).toMatch(/^USER node$/m);
  });
});
