import { Button, CopyButton, Group } from '@mantine/core'
import type { ReactNode } from 'react'

interface CopyActionProps {
  readonly text: string
  /** Names what is copied, for those who hear the button. */
  readonly label: string
  readonly children: ReactNode
}

/** A button that puts a text on the clipboard and says so. */
export function CopyAction({ text, label, children }: CopyActionProps) {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Button size="compact-xs" variant="default" aria-label={label} onClick={copy}>
          {copied ? 'Copied' : children}
        </Button>
      )}
    </CopyButton>
  )
}

/** A technical text in one line, with the button that copies it. */
export function Copyable({ text, what }: { readonly text: string; readonly what: string }) {
  return (
    <Group gap="sm" wrap="nowrap" align="flex-start">
      <span className="mono wrap">{text}</span>
      <CopyAction text={text} label={`Copy ${what}`}>
        Copy
      </CopyAction>
    </Group>
  )
}

/** Lines for a file or a shell, as they are to be pasted. */
export function CopyBlock({ text, what }: { readonly text: string; readonly what: string }) {
  return (
    <div className="copy-block">
      <pre className="raw" tabIndex={0} aria-label={what}>
        {text}
      </pre>
      <CopyAction text={text} label={`Copy ${what}`}>
        Copy
      </CopyAction>
    </div>
  )
}
