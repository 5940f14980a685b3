// platform/vault/ keeps personal data and secrets sealed at rest, and signs receipts.
// Owns      SECRETS_DIR
// Promises  what is sealed opens only at its own place; older keys go on opening what they sealed
// Never     shows a key; makes new keys while the database holds records
// Start at  vault.ts
export { addDataKey, hasKeys, openKeyStore, SecretsMissingError, type KeyStore, type ReceiptKey } from './key-store.js';
export { resealColumn, type SealedColumn } from './reseal.js';
export { createVault, VaultError, type Vault } from './vault.js';
