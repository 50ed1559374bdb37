/**
 * Splits an amount by what is left of a whole, exactly: the two parts always sum to it. What does not divide goes to
 * `left`, in the favour of whoever is given it back.
 * @param amountMinor minor units, ≥ 0
 * @param left of `whole`, in any unit: 0 ≤ left ≤ whole, whole > 0, whole numbers
 * @throws RangeError for anything else
 */
export function prorate(amountMinor: number, left: number, whole: number): { used: number; left: number } {
  const fits = [amountMinor, left, whole].every((value) => Number.isSafeInteger(value) && value >= 0);
  if (!fits || whole === 0 || left > whole) throw new RangeError(`cannot prorate ${amountMinor} by ${left}/${whole}`);
  // The product can pass 2^53.
  const used = Number((BigInt(amountMinor) * BigInt(whole - left)) / BigInt(whole));
  return { used, left: amountMinor - used };
}
