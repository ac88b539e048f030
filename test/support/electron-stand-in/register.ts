// `node --import …/register.ts out/main/main.js`: 'electron' becomes the stand-in, and never the npm package, which would
// download Electron's binary when it is evaluated.
import { registerHooks } from 'node:module'

const url = new URL('./electron.ts', import.meta.url).href

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' || specifier === 'electron/main' ? { url, shortCircuit: true } : next(specifier, context),
})
