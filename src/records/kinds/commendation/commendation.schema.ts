import { z } from 'zod';
import { TEXT_SENT, date, evidenceList, sourceId, text } from '../fields.js';

/** 表彰奖励 of a volunteer or of a team (station-contract §3, R67-12). */
export const commendationSchema = z
  .strictObject({
    volunteerId: sourceId('sourceId of the volunteer; exactly one of volunteerId and teamId').optional(),
    teamId: sourceId('sourceId of the team; exactly one of volunteerId and teamId').optional(),
    name: text(TEXT_SENT, 'Name of the commendation'),
    awardedOn: date('Day of the award'),
    grantingUnit: text(TEXT_SENT, 'Unit that granted it'),
    documentNo: text(TEXT_SENT, 'Number of the document').optional(),
    level: text(TEXT_SENT, 'Level, in words').optional(),
    evidence: evidenceList('Proof kept at the station').optional(),
  })
  .meta({ id: 'CommendationData' });
