import type { CatalogueCode } from './catalogue.js';

/**
 * Codes that no file outside the catalogue names yet, each with the work that will use it. A code that is
 * neither used nor here fails catalogue.spec.ts; a row whose work is done is taken out.
 */
export const RESERVED: Readonly<Partial<Record<CatalogueCode, string>>> = {
  'R67-08': 'audit: completeness of sampled service records (domain §9)',
  'R67-21': 'audit: total of a certificate recomputed (domain §1.3)',
  'R149-01': 'audit: issuer of a certificate against the recording unit (domain §2)',
  CERT_STALE: 'certificates: a covered record changed after issue (G-53)',
  NOT_IN_CONTRACT: 'delivery: kind without a counterpart in the active profile (house §2.4)',
};
