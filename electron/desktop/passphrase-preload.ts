import { ipcRenderer } from 'electron'
import { passphraseChannel } from './passphrase-channel.ts'

interface FormPage {
  getElementById(id: 'form'): {
    addEventListener(type: 'submit', listener: (event: { preventDefault(): void }) => void): void
  }
  getElementById(id: 'passphrase'): { value: string }
  getElementById(id: 'told'): { textContent: string }
}
declare const document: FormPage
declare function addEventListener(type: 'DOMContentLoaded', listener: () => void): void

// The preload drives the form itself, so that the page needs no script at all.
addEventListener('DOMContentLoaded', () => {
  document.getElementById('form').addEventListener('submit', (event) => {
    event.preventDefault()
    void submit()
  })
})

async function submit(): Promise<void> {
  const problem: unknown = await ipcRenderer.invoke(passphraseChannel, document.getElementById('passphrase').value)
  document.getElementById('told').textContent = typeof problem === 'string' ? problem : ''
}
