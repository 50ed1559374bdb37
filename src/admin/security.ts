import type { RequestHandler } from 'express';

const common = [
  "default-src 'none'",
  "script-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
];

/** The sign-in and error pages: everything from here, nothing inline. */
export const doorPolicy: RequestHandler = (_request, response, next) => {
  response.set('Content-Security-Policy', [...common, "style-src 'self'", "img-src 'self'"].join('; '));
  response.set({ 'X-Frame-Options': 'DENY', 'Referrer-Policy': 'same-origin', 'X-Content-Type-Options': 'nosniff' });
  next();
};

/**
 * The panel itself. AdminJS makes its styles at run time, in style elements that are allowed by the nonce; script is
 * never inline. `data:` is for the arrows that its select boxes draw.
 */
export function panelPolicy(nonce: string): string {
  return [...common, `style-src 'self' 'nonce-${nonce}'`, "img-src 'self' data:"].join('; ');
}
