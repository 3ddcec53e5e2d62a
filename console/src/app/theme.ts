import {
  type CSSVariablesResolver,
  createTheme,
  type MantineColorsTuple,
  type MantineThemeOverride,
} from '@mantine/core';

const pine: MantineColorsTuple = [
  '#eef8f6',
  '#d9efeb',
  '#b3dfd7',
  '#85c9be',
  '#55afa2',
  '#2f9486',
  '#1a7a6e',
  '#14645b',
  '#124f49',
  '#0f3f3b',
];

const paper: MantineColorsTuple = [
  '#fafaf8',
  '#f4f4f1',
  '#ebebe7',
  '#dededa',
  '#c8c8c2',
  '#a3a39c',
  '#6b6b65',
  '#4a4a45',
  '#2f2f2b',
  '#1d1d1a',
];

const night: MantineColorsTuple = [
  '#e8e8e4',
  '#c6c6c1',
  '#a0a09a',
  '#73736e',
  '#3f3f3c',
  '#343431',
  '#292927',
  '#1d1d1c',
  '#171716',
  '#10100f',
];

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif';

/** `lockScroll` is off everywhere: the shell never scrolls the page, and the lock would inject a style element, which the
 * server's content security policy forbids. */
export const theme: MantineThemeOverride = createTheme({
  colors: { pine, gray: paper, dark: night },
  primaryColor: 'pine',
  primaryShade: { light: 6, dark: 6 },
  fontFamily: FONT,
  headings: { fontFamily: FONT, fontWeight: '600' },
  defaultRadius: 'md',
  respectReducedMotion: true,
  cursorType: 'pointer',
  components: {
    Modal: {
      defaultProps: { lockScroll: false, centered: true, overlayProps: { backgroundOpacity: 0.45 } },
      styles: { title: { fontWeight: 600 } },
    },
    DrawerRoot: { defaultProps: { lockScroll: false } },
    DrawerOverlay: { defaultProps: { backgroundOpacity: 0.45 } },
    // The placeholder is an element that no menu may have, and screen readers announce nothing for it.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    Tooltip: { defaultProps: { openDelay: 400, withArrow: true } },
  },
});

/** The colours that Mantine's defaults leave too faint to read, or too hard, set apart for light and dark. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-text': '#1d1d1a',
    '--mantine-color-placeholder': '#6b6b65',
    '--mantine-color-default-border': '#dededa',
    '--surface-side': '#f6f6f3',
    '--surface-quiet': '#f4f4f1',
    '--surface-raised': '#ffffff',
    '--line': '#e6e6e1',
    '--ink-quiet': '#63635d',
    '--accent-ink': '#14645b',
    '--accent-tint': '#e3f3f0',
    '--mark': '#ffe9a8',
    '--warn-ink': '#8a4b00',
    '--warn-tint': '#fdf0dc',
    '--danger-ink': '#b42318',
    '--mantine-color-error': '#b42318',
    '--mantine-color-yellow-light': '#fdf3e1',
    '--mantine-color-yellow-light-color': '#8a4b00',
    '--mantine-color-red-light': '#fdeceb',
    '--mantine-color-red-light-color': '#b42318',
    '--mantine-color-red-filled': '#c5281c',
    '--mantine-color-red-filled-hover': '#a82015',
  },
  dark: {
    '--mantine-color-text': '#e8e8e4',
    '--mantine-color-placeholder': '#a0a09a',
    '--mantine-color-default-border': '#3f3f3c',
    '--surface-side': '#171716',
    '--surface-quiet': '#272725',
    '--surface-raised': '#232322',
    '--line': '#30302d',
    '--ink-quiet': '#a8a8a2',
    '--accent-ink': '#7fcfc2',
    '--accent-tint': '#1b3632',
    '--mark': '#5d4a12',
    '--warn-ink': '#f0b866',
    '--warn-tint': '#3a2a12',
    '--danger-ink': '#ff8a7d',
    '--mantine-color-error': '#ff8a7d',
    '--mantine-color-yellow-light': '#30271a',
    '--mantine-color-yellow-light-color': '#f0b866',
    '--mantine-color-red-light': '#33201e',
    '--mantine-color-red-light-color': '#ff8a7d',
    '--mantine-color-red-filled': '#c5281c',
    '--mantine-color-red-filled-hover': '#a82015',
  },
});
