import { Button, Text } from '@mantine/core'
import type { Told } from '../text/told.ts'

/** A refusal or fault: title, what exactly, what to do; what a report needs is folded. */
export function ToldNote({ told, retry }: { readonly told: Told; readonly retry?: (() => void) | undefined }) {
  return (
    <div className="note" data-tone="bad" role="group" aria-label={told.title}>
      <Text fw={600} c="var(--bad)">
        {told.title}
      </Text>
      <Text className="wrap">{told.message}</Text>
      <Text>{told.remedy}</Text>
      {retry && (
        <Button mt={8} variant="default" onClick={retry}>
          Try again
        </Button>
      )}
      <details>
        <summary>Code {told.code} and raw text</summary>
        <pre className="raw">{told.raw}</pre>
      </details>
    </div>
  )
}
