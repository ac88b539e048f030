// Loaded into an engine's process before its program: errors that no code catches, when the test signals.
process.on('SIGUSR2', () => void Promise.reject(new Error('nobody waits for this')))
process.on('SIGWINCH', () => {
  throw new Error('a callback broke')
})
