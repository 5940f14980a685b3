import { InvalidArgumentError } from 'commander';

/** Parsers of option values; what they throw is shown with the option's name. */

const AREA = /^(?:\d{2}|\d{4}|\d{6}|\d{9}|\d{12})$/;
const MAX_NAME_LENGTH = 100;
const REGION = /^(?:\d{2}|\d{4}|\d{6})$/;
const MAX_REASON_LENGTH = 500;

export function region(text: string): string {
  if (REGION.test(text)) return text;
  throw new InvalidArgumentError('It must be a region of 2, 4 or 6 digits, such as 5334 or 533401.');
}

export function reason(text: string): string {
  const trimmed = text.trim();
  if (trimmed !== '' && trimmed.length <= MAX_REASON_LENGTH) return trimmed;
  throw new InvalidArgumentError(`It must be a text of 1 to ${MAX_REASON_LENGTH} characters.`);
}

export function area(text: string): string {
  if (AREA.test(text)) return text;
  throw new InvalidArgumentError('It must be an area code of 2, 4, 6, 9 or 12 digits, such as 5334.');
}

export function name(text: string): string {
  const trimmed = text.trim();
  if (trimmed !== '' && trimmed.length <= MAX_NAME_LENGTH) return trimmed;
  throw new InvalidArgumentError(`It must be a text of 1 to ${MAX_NAME_LENGTH} characters.`);
}

export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };

export function hours(text: string): number {
  const value = /^\d{1,6}(?:\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (value <= MAX_OVERLAP_HOURS) return value;
  throw new InvalidArgumentError(`It must be a number of hours from 0 to ${MAX_OVERLAP_HOURS}.`);
}

/** 30 days: a rotation is a change-over, not a second key for good. */
const MAX_OVERLAP_HOURS = 720;

export function onOff(text: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on';
  throw new InvalidArgumentError('It must be on or off.');
}
