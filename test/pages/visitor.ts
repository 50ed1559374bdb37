/** A browser's part of HTTP: keeps cookies, follows nothing, says where a form comes from. */
export class Visitor {
  readonly url: string;
  cookies = new Map<string, string>();

  constructor(url: string) {
    this.url = url;
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.keep(await fetch(this.url + path, { headers: { ...this.headers(), ...headers }, redirect: 'manual' }));
  }

  async post(path: string, form: Record<string, string>, site = 'same-origin'): Promise<Response> {
    const headers = { ...this.headers(), 'Sec-Fetch-Site': site };
    const body = new URLSearchParams(form);
    return this.keep(await fetch(this.url + path, { method: 'POST', headers, body, redirect: 'manual' }));
  }

  private headers(): Record<string, string> {
    return { Cookie: Array.from(this.cookies, ([name, value]) => `${name}=${value}`).join('; ') };
  }

  private keep(response: Response): Response {
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (name !== undefined && value !== undefined) this.cookies.set(name, value);
    }
    return response;
  }
}
