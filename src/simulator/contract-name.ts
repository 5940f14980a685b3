// eslint-disable-next-line no-restricted-syntax -- this room plays one contract and no other: its name is a fact here, not a choice
export const CONTRACT = 'ref-v1';
