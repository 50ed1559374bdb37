import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { RequestHandler } from 'express';

const compress = promisify(gzip);

export interface Asset {
  /** A file extension, for the content type. */
  type: string;
  content: Buffer;
  compressed?: Promise<Buffer>;
}

export type NamedAsset = readonly [name: string, asset: Asset];

/** The files of the panel's pages, each under a name that changes with its content, so that browsers keep them. */
export class AssetStore {
  readonly #root: string;
  readonly #files = new Map<string, Asset>();
  readonly #names = new Map<string, string>();

  constructor(root: string) {
    this.#root = root;
  }

  add(assets: readonly NamedAsset[]): void {
    for (const [name, asset] of assets) {
      const { name: base, ext } = path.parse(name);
      const file = `${base}.${createHash('sha256').update(asset.content).digest('hex').slice(0, 12)}${ext}`;
      this.#files.set(file, asset);
      this.#names.set(name, file);
    }
  }

  /** The address of an asset by its plain name. */
  url(name: string): string {
    const file = this.#names.get(name);
    if (file === undefined) throw new Error(`the panel has no asset ${name}`);
    return `${this.#root}/assets/${file}`;
  }

  has(file: string): boolean {
    return this.#files.has(file);
  }

  /** Hands a file that is not here on to the next handler. */
  readonly serve: RequestHandler<{ file: string }> = async (request, response, next) => {
    const asset = this.#files.get(request.params.file);
    if (asset === undefined) {
      next();
      return;
    }
    response.set('Cache-Control', 'public, max-age=31536000, immutable');
    response.vary('Accept-Encoding').type(asset.type);
    if (request.acceptsEncodings('gzip') === false) {
      response.send(asset.content);
      return;
    }
    asset.compressed ??= compress(asset.content);
    response.set('Content-Encoding', 'gzip').send(await asset.compressed);
  };
}

/** Several files as one. */
export async function readAsset(name: string, ...files: (string | URL)[]): Promise<NamedAsset> {
  const content = Buffer.concat(await Promise.all(files.map((file) => readFile(file))));
  return [name, { type: path.extname(name), content }];
}
