import { readFileSync } from 'node:fs';

/** Colours by their name in `public/tokens.css`, without the dashes, as `#rrggbb`. */
export type Palette = Readonly<Record<string, string>>;

/**
 * The colours of `public/tokens.css` for places that cannot read it: mail programs and the admin panel's theme.
 * Both know sRGB only, so OKLCH is converted here.
 */
export function readDesignTokens(file: URL = new URL('../../public/tokens.css', import.meta.url)): {
  light: Palette;
  dark: Palette;
} {
  const css = readFileSync(file, 'utf8');
  const [light = '', dark = ''] = css.split('@media (prefers-color-scheme: dark)');
  return { light: colours(light), dark: colours(dark) };
}

function colours(css: string): Palette {
  const declarations = css.matchAll(/--([\w-]+):\s*oklch\(([\d.]+)% ([\d.]+) ([\d.]+)\);/g);
  const palette: Record<string, string> = {};
  for (const [, name = '', lightness, chroma, hue] of declarations) {
    palette[name] = oklchToHex(Number(lightness) / 100, Number(chroma), Number(hue));
  }
  return palette;
}

/** The conversion of CSS Color 4, section 10; a colour outside sRGB is clipped per channel. */
function oklchToHex(lightness: number, chroma: number, hueDegrees: number): string {
  const hue = (hueDegrees * Math.PI) / 180;
  const [a, b] = [chroma * Math.cos(hue), chroma * Math.sin(hue)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return `#${linear.map((channel) => toHex(encodeGamma(channel))).join('')}`;
}

function encodeGamma(channel: number): number {
  return channel <= 0.0031308 ? 12.92 * channel : 1.055 * channel ** (1 / 2.4) - 0.055;
}

function toHex(channel: number): string {
  const byte = Math.round(Math.min(Math.max(channel, 0), 1) * 255);
  return byte.toString(16).padStart(2, '0');
}
