import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { themeStyles } from './dev/theme-styles.ts';

const SERVER = 'http://localhost:8000';

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [react(), themeStyles()],
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true,
    // Inlined assets would be data: addresses, which the content security policy allows for images only.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
  },
  server: {
    port: 5173,
    proxy: Object.fromEntries(['/v1', '/health', '/docs', '/openapi.json'].map((path) => [path, SERVER])),
  },
});
