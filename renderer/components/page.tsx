import { Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'

interface PageProps {
  readonly title: string
  readonly lead?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
}

/** A page: its one heading, a line that says what is seen, what can be done, and the content. */
export function Page({ title, lead, actions, children }: PageProps) {
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <Title order={1} tabIndex={-1} id="page-title" style={{ outline: 'none' }}>
            {title}
          </Title>
          {lead && <Text c="dimmed">{lead}</Text>}
        </div>
        {actions}
      </div>
      {children}
    </div>
  )
}

interface PanelProps {
  readonly title: string
  readonly actions?: ReactNode
  readonly children: ReactNode
  /** The content brings its own padding, as tables do. */
  readonly flush?: boolean
}

export function Panel({ title, actions, children, flush = false }: PanelProps) {
  return (
    <section className="panel" aria-label={title}>
      <div className="panel-head">
        <Title order={2} style={{ flex: 1 }}>
          {title}
        </Title>
        {actions}
      </div>
      <div className={flush ? undefined : 'panel-body'}>{children}</div>
    </section>
  )
}

interface EmptyProps {
  readonly title: string
  readonly children: ReactNode
  readonly action?: ReactNode
}

/** A place with nothing in it: says why, and what would fill it. */
export function Empty({ title, children, action }: EmptyProps) {
  return (
    <div className="panel empty">
      <Title order={2}>{title}</Title>
      <p>{children}</p>
      {action}
    </div>
  )
}

/** One measured value with its unit; `note` says as of when, or out of what. */
export function Stat({
  name,
  children,
  note,
}: {
  readonly name: string
  readonly children: ReactNode
  readonly note?: ReactNode
}) {
  return (
    <div className="stat">
      <dt>{name}</dt>
      <dd>
        {children}
        {note && <small>{note}</small>}
      </dd>
    </div>
  )
}
