/** Cents where they say something, and more digits where a sum is smaller than a cent. */
export function formatUsd(usd: number): string {
  const digits = usd !== 0 && usd < 0.01 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 2 };
  return new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD', ...digits }).format(usd);
}
