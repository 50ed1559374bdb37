import { readAsset, type AssetStore } from './assets.ts';

/** What the sign-in and error pages link to. */
export interface DoorAssets {
  logo: string;
  styles: string;
  script: string;
}

/** The look of the customers' pages, served from under the panel's own address. */
export async function addDoorAssets(store: AssetStore): Promise<DoorAssets> {
  const file = (path: string) => new URL(`../../public/${path}`, import.meta.url);
  store.add(
    await Promise.all([
      readAsset('logo.svg', file('favicon.svg')),
      readAsset('door.css', file('tokens.css'), file('plantain.css'), new URL('./assets/door.css', import.meta.url)),
      readAsset('door.js', file('plantain.js')),
    ]),
  );
  return { logo: store.url('logo.svg'), styles: store.url('door.css'), script: store.url('door.js') };
}
