import type { AdviceFigures } from '../../../shared/model/advisor.ts'
import { Panel } from '../../components/page.tsx'
import { Ago } from '../../components/times.tsx'
import { figureRows } from './figure-rows.ts'

/** What the comparison stands on: every number with where it comes from, of how many samples, and as of when. */
export function FiguresPanel({ figures }: { readonly figures: AdviceFigures }) {
  const title = 'What this stands on'
  return (
    <Panel title={title} flush>
      <div className="table-scroll" role="region" aria-label={`${title}, as a table`} tabIndex={0}>
        <table className="table advice-figures">
          <thead>
            <tr>
              <th scope="col" style={{ width: '26%' }}>
                Figure
              </th>
              <th scope="col" style={{ width: '34%' }}>
                Value
              </th>
              <th scope="col">From</th>
              <th scope="col">Samples</th>
              <th scope="col" style={{ width: '16%' }}>
                As of
              </th>
            </tr>
          </thead>
          <tbody>
            {figureRows(figures).map(({ name, value, from, samples, asOf, missing }) => (
              <tr key={name}>
                <td>{name}</td>
                <td className={missing ? 'advice-missing' : undefined}>{value}</td>
                <td>{from}</td>
                <td>{samples}</td>
                <td>{asOf === null ? '–' : <Ago at={asOf} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}
