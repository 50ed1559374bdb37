import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, stop, type Plugin } from 'esbuild';
import { readAsset, type NamedAsset } from './assets.ts';

const require = createRequire(import.meta.url);
const here = fileURLToPath(new URL('.', import.meta.url));

// The same for every panel of a process, and esbuild's own process is stopped after it.
let bundled: Promise<NamedAsset[]> | undefined;

/**
 * What the panel's pages load: AdminJS's three ready-made bundles and our own components, which esbuild bundles in a
 * few hundredths of a second; so there is no build step, and no cache on disk that could be stale.
 */
export async function panelAssets(): Promise<NamedAsset[]> {
  bundled ??= bundleComponents();
  const [own, ...files] = await Promise.all([bundled, ...vendorScripts(), ...ownFiles()]);
  return [...own, ...files];
}

/** Always the production bundles: a third of the size, and without React's warnings. */
function vendorScripts(): Promise<NamedAsset>[] {
  const scripts = path.join(path.dirname(require.resolve('adminjs')), 'lib/frontend/assets/scripts');
  const designSystem = path.join(path.dirname(require.resolve('@adminjs/design-system')), '../bundle.production.js');
  return [
    readAsset('global.js', path.join(scripts, 'global-bundle.production.js')),
    readAsset('design-system.js', designSystem),
    readAsset('app.js', path.join(scripts, 'app-bundle.production.js')),
  ];
}

function ownFiles(): Promise<NamedAsset>[] {
  const plotStyles = path.join(path.dirname(require.resolve('uplot')), 'uPlot.min.css');
  const shared = (file: string) => path.join(here, '../../public', file);
  return [
    readAsset('logo.svg', shared('favicon.svg')),
    readAsset(
      'panel.css',
      shared('tokens.css'),
      plotStyles,
      ...styles.map((name) => path.join(here, `assets/panel/${name}.css`)),
    ),
  ];
}

/** In this order: what comes later may overrule what comes before. */
const styles = [
  'base',
  'frame',
  'controls',
  'lists',
  'values',
  'sheets',
  'forms',
  'dashboard',
  'search',
  'charts',
  'sandbox',
  'story',
  'timeline',
  'incident',
  'explain',
  'audit',
  'adminjs',
  'small-screens',
];

/** What AdminJS's bundles put into the page, by the name under which components import it. */
const globals: Readonly<Record<string, string>> = {
  react: 'React',
  'react-router-dom': 'ReactRouterDOM',
  'react-redux': 'ReactRedux',
  adminjs: 'AdminJS',
  '@adminjs/design-system': 'AdminJSDesignSystem',
};

/** What is bundled with our components. */
const bundledPackages: readonly string[] = ['uplot'];

const fromPage: Plugin = {
  name: 'from-page',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, ({ path: name }) => {
      if (bundledPackages.includes(name)) return null;
      return globals[name] === undefined
        ? { errors: [{ text: `the panel's pages do not have ${name}` }] }
        : { path: name, namespace: 'page' };
    });
    build.onLoad({ filter: /.*/, namespace: 'page' }, ({ path: name }) => ({
      contents: `module.exports = ${globals[name] ?? ''}`,
    }));
  },
};

async function bundleComponents(): Promise<NamedAsset[]> {
  const { outputFiles } = await build({
    entryPoints: ['boot', 'main'].map((name) => path.join(here, `components/${name}.ts`)),
    bundle: true,
    write: false,
    outdir: '/',
    format: 'iife',
    target: 'es2022',
    jsx: 'transform',
    // The project's own says `react-jsx`, whose runtime the pages do not have; they have `React`.
    tsconfigRaw: {},
    minify: true,
    charset: 'utf8',
    plugins: [fromPage],
    logLevel: 'silent',
  });
  await stop();
  return outputFiles.map(({ path: file, contents }) => [
    path.basename(file),
    { type: '.js', content: Buffer.from(contents) },
  ]);
}
