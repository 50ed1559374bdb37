import express, { Router, type Request, type Response } from 'express';
import { passwordMaxBytes, passwordMinLength } from '../accounts/passwords.ts';
import { readInvitation } from '../accounts/staff-invitations.ts';
import { acceptInvitation } from '../billing/invite-staff.ts';
import type { Services } from '../billing/services.ts';
import { translatorOf } from '../kit/http/language.ts';
import type { Translate } from '../kit/i18n.ts';
import type { ShowPage, Shown } from './door-page.ts';

export interface InvitationParts {
  services: Services;
  root: string;
  show: ShowPage;
}

/** Where the link of a mail leads: whoever has it chooses a password. Looking does not use the link up. */
export function invitationPage({ services, root, show }: InvitationParts): Router {
  const router = Router();
  const showForm = async (response: Response, token: string, shown: Shown = {}) => {
    const invitation = await readInvitation(token, services.clock.now());
    if (invitation.state !== 'open') {
      show(response, 'invitation-closed', { status: 410, state: invitation.state, query: { token } });
      return;
    }
    const { kind, staff } = invitation;
    const { name, email } = staff;
    const model = { kind, name, email, token, minlength: passwordMinLength, query: { token } };
    show(response, 'invitation', { ...model, ...shown });
  };

  router.get('/invitation', (request, response) => showForm(response, textOf(request.query.token)));

  router.post(
    '/invitation',
    express.urlencoded({ extended: false, limit: '10kb' }),
    async (request: Request, response: Response) => {
      const { token, password, again } = (request.body ?? {}) as Record<string, unknown>;
      const errors = errorsOf(textOf(password), textOf(again), translatorOf(response));
      if (errors !== null) {
        await showForm(response, textOf(token), { status: 422, errors });
        return;
      }
      const address = request.ip ?? null;
      const state = await acceptInvitation(services, { token: textOf(token), password: textOf(password), address });
      if (state === 'done') response.redirect(303, `${root}/login?chosen`);
      else show(response, 'invitation-closed', { status: 410, state });
    },
  );
  return router;
}

/** What is wrong, by field; null: nothing. */
function errorsOf(password: string, again: string, t: Translate): { password?: string; again?: string } | null {
  if (password.length < passwordMinLength)
    return { password: t('admin:invitation.hint', { count: passwordMinLength }) };
  if (Buffer.byteLength(password) > passwordMaxBytes) return { password: t('admin:invitation.too_long') };
  return password === again ? null : { again: t('admin:invitation.differs') };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
