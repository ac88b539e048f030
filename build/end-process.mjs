/**
 * Ends the process when all that was said has left it. Not by letting it run out: whatever still holds it would keep it, and
 * Node 24 was seen to spin for ever in the clean-up of an environment whose sockets had just been cut.
 */
export async function endProcess(exitCode) {
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((said) => stream.write('', said))))
  process.exit(exitCode)
}
