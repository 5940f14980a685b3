import { activityKind } from './kinds/activity/activity.kind.js';
import { certificateRequestKind } from './kinds/certificate-request/certificate-request.kind.js';
import { commendationKind } from './kinds/commendation/commendation.kind.js';
import { evaluationKind } from './kinds/evaluation/evaluation.kind.js';
import { membershipKind } from './kinds/membership/membership.kind.js';
import { projectKind } from './kinds/project/project.kind.js';
import { serviceRecordKind } from './kinds/service-record/service-record.kind.js';
import { stationKind } from './kinds/station/station.kind.js';
import { teamKind } from './kinds/team/team.kind.js';
import { trainingKind } from './kinds/training/training.kind.js';
import { volunteerKind } from './kinds/volunteer/volunteer.kind.js';
import type { RecordKind } from './record-kind.js';

/** Every kind of station-contract §3, parents before children. A new kind is one folder and one line here. */
export const RECORD_KINDS = [
  stationKind,
  volunteerKind,
  teamKind,
  projectKind,
  activityKind,
  membershipKind,
  serviceRecordKind,
  evaluationKind,
  trainingKind,
  commendationKind,
  certificateRequestKind,
] as const satisfies readonly RecordKind[];

const BY_NAME: ReadonlyMap<string, RecordKind> = new Map(RECORD_KINDS.map((kind) => [kind.name, kind]));

/** The kind of that name, undefined when there is none. */
export function recordKind(name: string): RecordKind | undefined {
  return BY_NAME.get(name);
}
