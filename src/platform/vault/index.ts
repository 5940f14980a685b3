export { hasKeys, openKeyStore, SecretsMissingError, type KeyStore, type ReceiptKey } from './key-store.js';
export { createVault, VaultError, type Vault } from './vault.js';
