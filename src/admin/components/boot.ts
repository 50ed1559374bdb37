/**
 * Runs before AdminJS's bundles: puts into the window what they look for there. They make style elements at run time,
 * which the content security policy allows by a nonce only; so every style element that a script makes gets it.
 */
const { state, themes } = JSON.parse(document.getElementById('page')?.textContent ?? '{}') as {
  state: unknown;
  themes: Record<'light' | 'dark', unknown>;
};
const dark = matchMedia('(prefers-color-scheme: dark)');
Object.assign(window, {
  REDUX_STATE: state,
  THEME: dark.matches ? themes.dark : themes.light,
  THEME_COMPONENTS: {},
  AdminJS: { Components: {} },
});
// AdminJS's theme is fixed when the page starts.
dark.addEventListener('change', () => {
  location.reload();
});

const nonce = (document.currentScript as HTMLScriptElement | null)?.nonce;
type Create = (name: string, options?: ElementCreationOptions) => HTMLElement;
const create: Create = Reflect.get(document, 'createElement');
Reflect.set(document, 'createElement', (name: string, options?: ElementCreationOptions) => {
  const element = create.call(document, name, options);
  if (element instanceof HTMLStyleElement && nonce !== undefined) element.nonce = nonce;
  return element;
});
