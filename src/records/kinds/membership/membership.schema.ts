import { z } from 'zod';
import { date, sourceId, word } from '../fields.js';

/** 加入关系: a volunteer belongs to a team or to a project, never both in one record (G-60). */
export const membershipSchema = z
  .strictObject({
    volunteerId: sourceId('sourceId of the volunteer'),
    teamId: sourceId('sourceId of the team; exactly one of teamId and projectId').optional(),
    projectId: sourceId('sourceId of the project; exactly one of teamId and projectId').optional(),
    postId: sourceId('Post of the project that is taken').optional(),
    since: date('Day of joining'),
    status: word(['JOINED', 'LEFT'], 'State of the membership'),
  })
  .meta({ id: 'MembershipData' });
