import { readDesignTokens, type Palette } from '../kit/design-tokens.ts';

const font = `system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue','PingFang SC','Microsoft YaHei',sans-serif`;

/**
 * Mail programs know neither custom properties nor OKLCH, and some drop `<style>`: everything that matters stands on
 * the elements themselves, in the colours of the pages.
 */
export function mailStyles(): { on: Readonly<Record<string, string>>; dark: Palette } {
  const { light, dark } = readDesignTokens();
  const text = `font-family:${font};color:${light.ink}`;
  const on = {
    body: `margin:0;padding:0;background:${light.ground};${text}`,
    frame: `background:${light.ground};padding:24px 12px`,
    column: `max-width:600px;margin:0 auto;text-align:left`,
    brand: `padding:0 0 16px;${text};font-size:18px;font-weight:700`,
    leaf: `display:inline-block;width:14px;height:14px;background:${light.leaf};border-radius:2px 11px 2px 11px`,
    card: `background:${light.surface};border:1px solid ${light.line};border-radius:12px;padding:32px 28px`,
    heading: `margin:0 0 16px;${text};font-size:24px;line-height:1.3;font-weight:700`,
    paragraph: `margin:0 0 16px;${text};font-size:16px;line-height:1.55`,
    facts: 'width:100%;border-collapse:collapse;margin:8px 0 24px',
    term: `padding:10px 16px 10px 0;border-top:1px solid ${light.line};${text};color:${light['ink-soft']};font-size:15px;text-align:left;vertical-align:top;font-weight:400`,
    value: `padding:10px 0;border-top:1px solid ${light.line};${text};font-size:15px;text-align:right;vertical-align:top`,
    total: `padding:12px 0;border-top:2px solid ${light.ink};${text};font-size:18px;font-weight:700;text-align:right;vertical-align:top`,
    totalTerm: `padding:12px 16px 12px 0;border-top:2px solid ${light.ink};${text};font-size:15px;font-weight:700;text-align:left;vertical-align:top`,
    buttonCell: `background:${light.leaf};border-radius:8px`,
    button: `display:inline-block;padding:13px 24px;font-family:${font};font-size:16px;font-weight:600;color:${light['on-leaf']};text-decoration:none`,
    more: `margin:16px 0 0;font-family:${font};font-size:15px;line-height:1.5`,
    moreLink: `color:${light['leaf-strong']}`,
    foot: `padding:20px 4px 0;font-family:${font};font-size:13px;line-height:1.5;color:${light['ink-soft']}`,
    link: `color:${light['ink-soft']}`,
  };
  return { on, dark };
}
