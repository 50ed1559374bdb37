import encodeQr from 'qr';
import type { Staff } from '../accounts/staff.ts';
import { readProposal } from '../billing/second-factor.ts';
import type { Services } from '../billing/services.ts';

/** What the page shows of a proposed second factor; the picture is inline SVG, which the page's policy allows. */
export function enrolModel(services: Services, proposal: string, staff: Staff) {
  const { secret, link } = readProposal(services, proposal, staff);
  return { secret: secret.replace(/(.{4})(?=.)/g, '$1 '), link, qr: encodeQr(link, 'svg', { ecc: 'low' }) };
}
