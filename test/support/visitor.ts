import type { TestApp } from './app.ts';

/** What a page answered. */
export interface PageAnswer {
  status: number;
  headers: Headers;
  text: string;
}

/** Somebody with a browser, as far as HTTP goes: keeps cookies, posts forms, follows nothing. */
export class Visitor {
  readonly cookies = new Map<string, string>();
  readonly #app: Pick<TestApp, 'url'>;

  constructor(app: Pick<TestApp, 'url'>) {
    this.#app = app;
  }

  get(path: string, headers?: Record<string, string>): Promise<PageAnswer> {
    return this.#send('GET', path, headers);
  }

  post(path: string, form: Record<string, string> = {}, headers?: Record<string, string>): Promise<PageAnswer> {
    return this.#send('POST', path, headers, new URLSearchParams(form));
  }

  /** The same person at another process of the same site. */
  at(app: Pick<TestApp, 'url'>): Visitor {
    const visitor = new Visitor(app);
    for (const [name, value] of this.cookies) visitor.cookies.set(name, value);
    return visitor;
  }

  async register(email: string, password = 'a long enough password'): Promise<void> {
    const answer = await this.post('/register', { email, password, name: '' });
    if (answer.status !== 303) throw new Error(`registration answered ${answer.status}`);
  }

  async #send(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: URLSearchParams,
  ): Promise<PageAnswer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(`${this.#app.url}${path}`, {
      method,
      headers: { ...(cookie === '' ? {} : { Cookie: cookie }), ...headers },
      redirect: 'manual',
      ...(body === undefined ? {} : { body }),
    });
    for (const set of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      this.cookies.set(name, value);
    }
    return { status: response.status, headers: response.headers, text: await response.text() };
  }
}
