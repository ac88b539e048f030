export const passphraseChannel = 'lockstep:passphrase'
