import { z } from 'zod';
import { CONTENT, date, sourceId, text, wholeNumber } from '../fields.js';

const LOWEST = 1;
const HIGHEST = 5;

/** 服务评价 (station-contract §3, R67-14). */
export const evaluationSchema = z
  .strictObject({
    serviceRecordId: sourceId('sourceId of the service record that is judged'),
    punctuality: wholeNumber(LOWEST, HIGHEST, 'Punctuality, 1 to 5'),
    attitude: wholeNumber(LOWEST, HIGHEST, 'Attitude, 1 to 5'),
    skill: wholeNumber(LOWEST, HIGHEST, 'Skill, 1 to 5'),
    text: text(CONTENT, 'Evaluation in words'),
    evaluatedOn: date('Day of the evaluation'),
  })
  .meta({ id: 'EvaluationData' });
