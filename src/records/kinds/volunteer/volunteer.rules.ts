import type { z } from 'zod';
import { ageOn, beijingDateOf } from '../../beijing-time.js';
import { idBirthDate, idGender, idNumberFault } from '../../id-number.js';
import type { DoorRule } from '../../record-kind.js';
import { insideHomeArea, isFuture, notAfterToday, refuse } from '../rules.js';
import type { volunteerSchema } from './volunteer.schema.js';

type Volunteer = z.output<typeof volunteerSchema>;

const MAINLAND_ID = '01';

/** G-40: numbers of other documents are not checked; a mainland number must agree with what was declared. */
const idNumberAgrees: DoorRule<Volunteer> = (data) => {
  if (data.idType !== MAINLAND_ID) return [];
  const fault = idNumberFault(data.idNo);
  if (fault !== null) return [refuse('R67-07', '/data/idNo', { reason: fault })];
  if (idBirthDate(data.idNo) !== data.birthDate) {
    return [refuse('R67-07', '/data/idNo', { reason: 'BIRTH_DATE_DIFFERS' })];
  }
  return idGender(data.idNo) === data.gender ? [] : [refuse('R67-07', '/data/idNo', { reason: 'GENDER_DIFFERS' })];
};

/** R67-06: nobody is entered without a recorded consent, which cannot come from the future (G-42). */
const consentIsGiven: DoorRule<Volunteer> = (data, context) => {
  if (data.consent === undefined) return [refuse('R67-06', '/data/consent')];
  return isFuture(data.consent.at, context) ? [refuse('FIELD_RANGE', '/data/consent/at')] : [];
};

/** G-41: who was a minor on the Beijing day of consent needs a guardian, for ever, so that repeats are judged alike. */
const minorHasGuardian: DoorRule<Volunteer> = (data, context) => {
  if (data.consent === undefined || data.guardian !== undefined) return [];
  const limit = context.guardianRequiredUnder;
  const isMinor = ageOn(data.birthDate, beijingDateOf(data.consent.at)) < limit;
  return isMinor ? [refuse('PI-08', '/data/guardian', { age: limit })] : [];
};

export const volunteerRules: readonly DoorRule<Volunteer>[] = [
  idNumberAgrees,
  consentIsGiven,
  minorHasGuardian,
  insideHomeArea('serviceAreaCode'),
  notAfterToday('birthDate'),
  notAfterToday('joinedOn'),
];
