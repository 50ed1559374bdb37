import type { TestPanel } from './harness.ts';
import { staffPassword } from './harness.ts';

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  json: Record<string, unknown>;
}

/** A browser without a screen: keeps the panel's cookie, and follows nothing. */
export class StaffClient {
  readonly #url: string;
  cookie = '';

  constructor({ url }: Pick<TestPanel, 'url'>) {
    this.#url = url;
  }

  static async signedIn(panel: TestPanel, email: string): Promise<StaffClient> {
    const client = new StaffClient(panel);
    const { status } = await client.signIn(email);
    if (status !== 303) throw new Error(`${email} could not sign in: ${status}`);
    return client;
  }

  signIn(email: string, password = staffPassword, more: Record<string, string> = {}): Promise<Answer> {
    const body = new URLSearchParams({ email, password, ...more });
    return this.send('POST', '/login', { body });
  }

  get(path: string): Promise<Answer> {
    return this.send('GET', path);
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('POST', path, {
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json', ...headers },
    });
  }

  async send(
    method: string,
    path: string,
    { body, headers = {} }: { body?: string | URLSearchParams | FormData; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const response = await fetch(this.#url + path, {
      method,
      redirect: 'manual',
      headers: { Cookie: this.cookie, 'Sec-Fetch-Site': 'same-origin', ...headers },
      ...(body === undefined ? {} : { body }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      if (cookie.startsWith('plantain.staff=')) this.cookie = cookie.split(';')[0] ?? '';
    }
    const text = await response.text();
    const isJson = response.headers.get('Content-Type')?.includes('json') === true;
    const json = isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
    return { status: response.status, headers: response.headers, text, json };
  }
}
