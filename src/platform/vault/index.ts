// platform/vault/ keeps personal data and secrets sealed at rest, and signs receipts.
// Owns      SECRETS_DIR
// Promises  what is sealed opens only at its own place; older keys go on opening what they sealed
// Never     shows a key; makes new keys while the database holds records
// Start at  vault.ts
// platform/vault/ keeps what must not be read: sealing at rest, blind indexes, the signature of receipts.
// Owns      the key file in SECRETS_DIR
// Promises  what was sealed opens only at its place and under its key; old keys go on opening after a rotation
// Never     writes a key into a log, a table or an answer
// Start at  vault.ts, key-store.ts
export { addDataKey, hasKeys, openKeyStore, SecretsMissingError, type KeyStore, type ReceiptKey } from './key-store.js';
export { resealColumn, type SealedColumn } from './reseal.js';
export { createVault, VaultError, type Vault } from './vault.js';
