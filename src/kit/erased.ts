/** What stands in the place of an address that was erased; RFC 2606 keeps `.invalid` for nobody. */
const domain = '@erased.invalid';

export function erasedAddress(userId: string): string {
  return userId + domain;
}

export function isErased(address: string): boolean {
  return address.endsWith(domain);
}
