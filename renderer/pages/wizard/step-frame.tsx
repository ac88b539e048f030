import { Button, Group, Text, Title } from '@mantine/core'
import { createContext, use, useEffect, useRef, type ReactNode } from 'react'

interface StepFrameProps {
  readonly title: string
  readonly lead: string
  readonly onBack: (() => void) | null
  readonly next: ReactNode
  /** What keeps one from going on; told politely as it changes. */
  readonly problem?: string | null
  readonly children: ReactNode
}

/** Whether one has gone from one step to another: the first heading leaves the focus to the page's own. */
export const SteppedContext = createContext<{ readonly current: boolean }>({ current: false })

/** What every step of the wizard shares: heading, content, and the way back and on. */
export function StepFrame({ title, lead, onBack, next, problem = null, children }: StepFrameProps) {
  const heading = useFocusOnStep()
  return (
    <div className="panel">
      <div className="panel-body">
        <Title order={2} ref={heading} tabIndex={-1} style={{ outline: 'none' }}>
          {title}
        </Title>
        <Text c="dimmed" mb="md">
          {lead}
        </Text>
        {children}
      </div>
      <Group justify="flex-end" gap="sm" px={14} py={12} style={{ borderTop: '1px solid var(--line)' }}>
        <Text component="div" role="status" style={{ flex: 1 }} c="var(--bad)">
          {problem}
        </Text>
        {onBack && (
          <Button size="sm" variant="default" onClick={onBack}>
            Back
          </Button>
        )}
        {next}
      </Group>
    </div>
  )
}

/** A new step starts at its heading, for the keyboard and for those who hear the screen. */
function useFocusOnStep() {
  const heading = useRef<HTMLHeadingElement>(null)
  const stepped = use(SteppedContext)
  useEffect(() => {
    if (stepped.current) heading.current?.focus()
  }, [stepped])
  return heading
}
