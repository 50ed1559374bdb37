import type { ErrorRequestHandler } from 'express';
import { ZodError } from 'zod';
import { AppError, ValidationFailed } from '../kit/errors.ts';
import { localeOf, translatorOf } from '../kit/http/language.ts';
import { requestIdOf } from '../kit/http/problem.ts';
import type { Translate } from '../kit/i18n.ts';
import type { Logger } from '../kit/logger.ts';
import type { Render } from '../kit/templates.ts';
import type { DoorAssets } from './door-assets.ts';

export interface ErrorPageParts {
  root: string;
  render: Render;
  assets: DoorAssets;
  log: Logger;
}

const described = [403, 404, 500];

/** Pages that fail are told about in our own look; calls get the problem document that the app makes of every error. */
export function errorPage({ root, render, assets, log }: ErrorPageParts): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent || request.method !== 'GET' || request.path.startsWith('/api/')) {
      next(error instanceof ZodError ? inWords(error, translatorOf(response)) : error);
      return;
    }
    const status = error instanceof AppError ? error.status : 500;
    const requestId = requestIdOf(request);
    if (status >= 500) log.error({ err: error, requestId }, 'a page of the panel failed');
    const t = translatorOf(response);
    const texts = described.includes(status) ? status : 500;
    const model = {
      locale: localeOf(response),
      assets,
      status,
      heading: t(`admin:error.${texts}.heading`),
      text: t(`admin:error.${texts}.text`),
      home: root,
      requestId: status >= 500 ? requestId : '',
    };
    response.status(status).set('Cache-Control', 'no-store').send(render('admin/error', model));
  };
}

/** What a form has to say of its fields, in the language of whoever filled it in. */
function inWords({ issues }: ZodError, t: Translate): ValidationFailed {
  return new ValidationFailed(
    issues.map(({ path, message }) => ({
      path: path.join('.'),
      message: message.startsWith('admin:form.') ? t(message) : message,
    })),
  );
}
