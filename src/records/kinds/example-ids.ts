/**
 * Names of the test data. The n-th example of a kind (from 0) is the record `<kind>-<n+1>`, so that the
 * examples of all kinds refer to each other and can be pushed as one batch.
 */
export function exampleSourceId(kind: string, index: number): string {
  return `${kind}-${index + 1}`;
}
