import type { Palette } from '../kit/design-tokens.ts';

import type { ThemeOverride } from '@adminjs/design-system';

/** AdminJS's type wants an object here, so it is set beside the rest. */
export const panelFont =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';

/** AdminJS computes with its colours (darken, rgba), so they are given as hex, one theme for light and one for dark. */
export function panelTheme(palette: Palette, scheme: 'light' | 'dark'): Partial<ThemeOverride> {
  const colour = (name: string): string => {
    const value = palette[name];
    if (value === undefined) throw new Error(`public/tokens.css has no colour --${name}`);
    return value;
  };
  const shade = scheme === 'light' ? 'rgba(40, 40, 20, 0.08)' : 'rgba(0, 0, 0, 0.4)';
  return {
    colors: {
      ...text(colour),
      ...surfaces(colour),
      ...signals(colour),
    },
    borders: {
      default: `1px solid ${colour('line')}`,
      input: `1px solid ${colour('edge')}`,
      bg: `1px solid ${colour('ground')}`,
      filterInput: `1px solid ${colour('edge')}`,
    },
    shadows: {
      card: `0 1px 2px ${shade}`,
      cardHover: `0 4px 12px ${shade}`,
      drawer: `-4px 0 16px ${shade}`,
      login: `0 4px 16px ${shade}`,
      inputFocus: `0 0 0 3px ${colour('leaf-tint')}`,
      buttonFocus: `0 0 0 3px ${colour('leaf-tint')}`,
    },
    sizes: { sidebarWidth: '236px', navbarHeight: '56px', maxFormWidth: '740px' },
  };
}

type Colour = (name: string) => string;

function text(colour: Colour): Record<string, string> {
  return {
    text: colour('ink'),
    grey100: colour('ink'),
    grey80: colour('ink-soft'),
    grey60: colour('ink-soft'),
    grey40: colour('edge'),
    grey20: colour('sunken'),
    // What stands on the primary colour.
    white: colour('on-leaf'),
    black: colour('ink'),
  };
}

function surfaces(colour: Colour): Record<string, string> {
  return {
    bg: colour('ground'),
    container: colour('surface'),
    sidebar: colour('surface'),
    filterBg: colour('surface'),
    highlight: colour('sunken'),
    border: colour('line'),
    separator: colour('line'),
    inputBorder: colour('edge'),
  };
}

function signals(colour: Colour): Record<string, string> {
  const leaf = colour('leaf');
  return {
    primary100: leaf,
    primary80: colour('leaf-strong'),
    primary60: leaf,
    primary40: colour('leaf-tint'),
    primary20: colour('leaf-tint'),
    accent: colour('ink-soft'),
    love: leaf,
    success: leaf,
    successDark: colour('leaf-strong'),
    successLight: colour('leaf-tint'),
    error: colour('loss'),
    errorDark: colour('loss'),
    errorLight: colour('loss-tint'),
    warning: colour('on-ripe'),
    warningDark: colour('on-ripe'),
    warningLight: colour('ripe-tint'),
    info: leaf,
    infoDark: colour('leaf-strong'),
    infoLight: colour('leaf-tint'),
  };
}
