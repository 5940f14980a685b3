import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { z } from 'zod';
import { projectRoot } from './project-root.js';

/** Every variable arrives as text; these turn it into what the program uses and say in words what is wrong. */

export const text = z.string().min(1);

export const flag = z
  .enum(['true', 'false'], { error: 'must be true or false' })
  .transform((value) => value === 'true');

export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be from ${min} to ${max}`);

const urlWith = (protocols: readonly string[], example: string) =>
  z.string().refine((value) => {
    if (!URL.canParse(value)) return false;
    const url = new URL(value);
    return protocols.includes(url.protocol) && url.hostname !== '';
  }, `must look like ${example}`);

export const postgresUrl = urlWith(['postgres:', 'postgresql:'], 'postgres://user:password@host:5432/name');
export const redisUrl = urlWith(['redis:', 'rediss:'], 'redis://host:6379/0');
export const httpUrl = urlWith(['http:', 'https:'], 'https://host/path').transform((value) =>
  value.replace(/\/+$/, ''),
);

export const urlPath = z.string().regex(/^\/[\w\-./]+$/, 'must be a path such as /national/callback');

export const sm4Key = z.string().regex(/^[0-9a-fA-F]{32}$/, 'must be an SM4 key: 32 hexadecimal digits');

/** Relative to the checkout, so that it does not matter where the program was started. */
export const filePath = text.transform((value) => resolve(projectRoot(), value));

const isAddressOrRange = (value: string): boolean => {
  const [address = '', bits, ...rest] = value.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
};

export const addressList = z
  .string()
  .transform((value) => value.split(',').map((part) => part.trim()))
  .refine((parts) => parts.every(isAddressOrRange), 'must be addresses or ranges such as 10.0.0.1,10.1.0.0/16');
