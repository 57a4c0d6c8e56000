const known = new Set<string>();

/** Shorter texts would blacken ordinary words. */
const shortest = 4;

/** Makes sure that a secret never appears in a log line or error message of this process. */
export function registerSecret(secret: string): void {
  if (secret.length < shortest) return;
  known.add(secret);
  // as it stands in addresses and in JSON
  known.add(encodeURIComponent(secret));
  known.add(JSON.stringify(secret).slice(1, -1));
}

/** The text with every registered secret replaced by `***`. */
export function maskSecrets(text: string): string {
  let masked = text;
  for (const secret of known) if (masked.includes(secret)) masked = masked.replaceAll(secret, '***');
  return masked;
}
