/** Where issued certificates are found; the certificates room provides it under CERTIFICATE_FILES. */
export interface CertificateFiles {
  /** The issued document, also when it has become stale (G-53); null before. */
  find(recordId: string): Promise<Buffer | null>;
}

export const CERTIFICATE_FILES = Symbol('certificate-files');

/** Until a certificates room is composed, nothing is issued. */
export const noCertificateFiles: CertificateFiles = { find: () => Promise.resolve(null) };
