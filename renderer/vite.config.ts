import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// Relative addresses throughout: the same build is opened from a file in Electron and served over loopback HTTP.
export default defineConfig({
  root: decodeURIComponent(new URL('.', import.meta.url).pathname),
  base: './',
  plugins: [react()],
  build: {
    outDir: '../out/renderer',
    emptyOutDir: true,
    target: 'chrome136',
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
  },
})
