// Natural keys of §1.7. Parents enter by national id, instants as numbers, so spelling never matters (§1.16 C13, E1).
import type { Entity, Fields } from './model.js';
import type { Ledger } from './ledger.js';

/** Fields a naturalKey lookup must give, exactly (§1.16 E1). A record may name its volunteer either way. */
export const NATURAL_KEY_FIELDS: Partial<Record<Entity, readonly (readonly string[])[]>> = {
  stations: [['areaCode', 'name']],
  teams: [['stationBizNo', 'name']],
  volunteers: [['idType', 'idNo']],
  projects: [['teamBizNo', 'name', 'startOn']],
  activities: [['projectBizNo', 'name', 'startAt']],
  'service-records': [
    ['volunteerBizNo', 'activityBizNo', 'startAt'],
    ['volunteerNationalId', 'activityBizNo', 'startAt'],
  ],
  'certificate-requests': [['volunteerBizNo', 'periodFrom', 'periodTo', 'recordsHash']],
};

const text = (value: unknown): string => (typeof value === 'string' ? value.normalize('NFC') : '');

/** null when the entity has no natural key or when a parent in it is not known. `plain` carries plain text. */
export function naturalKeyOf(ledger: Ledger, entity: Entity, plain: Fields): string | null {
  const idOf = (parent: Entity, bizNo: unknown): string | null =>
    ledger.resolve(parent, bizNo)?.state.nationalId ?? null;
  const volunteerId = (): string | null => ledger.volunteerOf(plain)?.state.nationalId ?? null;
  const instant = (value: unknown): string => String(Date.parse(text(value)));
  switch (entity) {
    case 'stations':
      return join(entity, text(plain.areaCode), text(plain.name));
    case 'teams':
      return join(entity, idOf('stations', plain.stationBizNo), text(plain.name));
    case 'volunteers':
      return join(entity, text(plain.idType), text(plain.idNo));
    case 'projects':
      return join(entity, idOf('teams', plain.teamBizNo), text(plain.name), text(plain.startOn));
    case 'activities':
      return join(entity, idOf('projects', plain.projectBizNo), text(plain.name), instant(plain.startAt));
    case 'service-records':
      return join(entity, volunteerId(), idOf('activities', plain.activityBizNo), instant(plain.startAt));
    case 'certificate-requests':
      return join(entity, volunteerId(), text(plain.periodFrom), text(plain.periodTo), text(plain.recordsHash));
    default:
      return null;
  }
}

function join(entity: Entity, ...parts: (string | null)[]): string | null {
  return parts.includes(null) ? null : `${entity}\n${parts.join('\n')}`;
}
