import { convertCssVariables, DEFAULT_THEME, defaultCssVariablesResolver, mergeMantineTheme } from '@mantine/core';
import type { Plugin } from 'vite';
import { cssVariables, theme } from '../src/app/theme.ts';

const NAME = 'virtual:theme.css';

/**
 * The theme's CSS variables as a stylesheet made at build time. Mantine would otherwise write them into a `<style>` element
 * in the browser, and the console would need `style-src 'unsafe-inline'`.
 */
export function themeStyles(): Plugin {
  return {
    name: 'parley-theme-styles',
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    load: (id) => (id === `\0${NAME}` ? themeCss() : undefined),
  };
}

function themeCss(): string {
  const merged = mergeMantineTheme(DEFAULT_THEME, theme);
  const standard = defaultCssVariablesResolver(merged);
  const own = cssVariables(merged);
  return convertCssVariables({
    variables: { ...standard.variables, ...own.variables },
    light: { ...standard.light, ...own.light, '--mantine-color-scheme': 'light' },
    dark: { ...standard.dark, ...own.dark, '--mantine-color-scheme': 'dark' },
  });
}
