import { ActionIcon, Button } from '@mantine/core'
import { IconCircleCheck, IconInfoCircle } from '@tabler/icons-react'
import { useId, useState, type ReactNode } from 'react'
import type { Advice, ModeComparison } from '../../../shared/model/advisor.ts'
import type { AckPolicy } from '../../../shared/model/rule.ts'
import { answeredWhen, isPolicy, modeNames, type ComparedRow } from './mode-rows.ts'
import './advisor.css'

interface ComparisonTableProps {
  readonly advice: Advice
  readonly rows: readonly ComparedRow[]
  readonly caption: string
  /** What the rule does, or will do; null where there is no rule to have it. */
  readonly used: AckPolicy | null
  /** What that is called. */
  readonly usedWord?: 'In use' | 'Chosen'
  /** Offers to use a mode; null where there is nothing to use it in. */
  readonly onUse: ((policy: AckPolicy) => void) | null
}

/** The modes side by side. The recommended one carries a word and a mark, not a colour alone. */
export function ComparisonTable(props: ComparisonTableProps) {
  const { advice, rows, caption, used, usedWord = 'In use', onUse } = props
  const { modes, recommendation, figures } = advice
  return (
    <div className="table-scroll" role="region" aria-label={caption} tabIndex={0}>
      <table className="table advice-table">
        <caption className="advice-caption">{caption}</caption>
        <thead>
          <tr>
            <td />
            {modes.map((mode) => (
              <th scope="col" key={mode.mode} data-recommended={mode.mode === recommendation.policy}>
                <span className="advice-mode">{modeNames[mode.mode]}</span>
                <span className="advice-when">{answeredWhen(mode, figures.targets.length)}</span>
                <Marks
                  recommended={mode.mode === recommendation.policy}
                  usedWord={mode.mode === used ? usedWord : null}
                />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.id} row={row} advice={advice} />
          ))}
          {onUse !== null && <UseRow modes={modes} advice={advice} used={used} usedWord={usedWord} onUse={onUse} />}
        </tbody>
      </table>
    </div>
  )
}

function Marks({ recommended, usedWord }: { readonly recommended: boolean; readonly usedWord: string | null }) {
  return (
    <span className="advice-marks">
      {recommended && (
        <span className="tone" data-tone="good">
          <IconCircleCheck size={14} stroke={2} aria-hidden />
          Recommended
        </span>
      )}
      {usedWord !== null && (
        <span className="tone" data-tone="quiet">
          {usedWord}
        </span>
      )}
    </span>
  )
}

function Row({ row, advice }: { readonly row: ComparedRow; readonly advice: Advice }) {
  const [open, setOpen] = useState(false)
  const explanation = useId()
  return (
    <>
      <tr>
        <th scope="row">
          <span className="advice-row-name">
            {row.name}
            <ActionIcon
              size="sm"
              aria-label={`How “${row.name}” is worked out`}
              aria-expanded={open}
              aria-controls={explanation}
              onClick={() => setOpen(!open)}
            >
              <IconInfoCircle size={15} stroke={1.7} />
            </ActionIcon>
          </span>
        </th>
        {advice.modes.map((mode) => (
          <Marked key={mode.mode} mode={mode} advice={advice}>
            <CellText {...row.cell(mode, advice)} />
          </Marked>
        ))}
      </tr>
      <tr id={explanation} hidden={!open} className="advice-explained">
        <td colSpan={advice.modes.length + 1}>
          {typeof row.explained === 'string' ? row.explained : row.explained(advice)}
        </td>
      </tr>
    </>
  )
}

function CellText({ value, note }: { readonly value: string; readonly note: string | null }) {
  return (
    <>
      <span className="advice-value">{unbroken(value)}</span>
      {note && <small>{unbroken(note)}</small>}
    </>
  )
}

/** A narrow column must not part a number from its unit. */
const unbroken = (words: string): string => words.replaceAll(/(\+|\d) (?=[\d%A-Za-z])/g, '$1\u00a0')

interface MarkedProps {
  readonly mode: ModeComparison
  readonly advice: Advice
  readonly children: ReactNode
}

function Marked({ mode, advice, children }: MarkedProps) {
  return <td data-recommended={mode.mode === advice.recommendation.policy}>{children}</td>
}

interface UseRowProps extends Pick<ComparisonTableProps, 'advice' | 'used'> {
  readonly usedWord: string
  readonly modes: readonly ModeComparison[]
  readonly onUse: (policy: AckPolicy) => void
}

function UseRow({ modes, advice, used, usedWord, onUse }: UseRowProps) {
  return (
    <tr>
      <th scope="row">Use it</th>
      {modes.map((mode) => {
        const policy = isPolicy(mode.mode) ? mode.mode : null
        return (
          <Marked key={mode.mode} mode={mode} advice={advice}>
            {policy === null ? (
              <small>Not what Lockstep does</small>
            ) : (
              <Button
                size="xs"
                variant={policy === advice.recommendation.policy ? 'filled' : 'default'}
                disabled={policy === used}
                aria-label={`${policy === used ? usedWord : 'Use this mode'}: ${modeNames[policy]}`}
                onClick={() => onUse(policy)}
              >
                {policy === used ? usedWord : 'Use this mode'}
              </Button>
            )}
          </Marked>
        )
      })}
    </tr>
  )
}
