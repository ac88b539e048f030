import { differenceText, exceptionText, levelText } from '../../shared/text/compare.ts'
import { targetName, type CompareCost, type CompareReport, type Difference } from '../../shared/model/compare.ts'
import { faultText } from '../../shared/text/sentence.ts'
import { bytesText, cellText, durationText, table } from './table.ts'

type Lines = readonly string[]

/** One line for each level: what it asks of both sites. */
export function costLines(costs: readonly CompareCost[]): Lines {
  return costs.map(({ level, requests, readBytes, durationMs, basis, countedAt }) => {
    if (requests === null) return `${levelText[level].name}: ${basis}`
    const time = durationMs === null ? 'time not known' : `at least ${durationText(durationMs)}`
    const asOf = countedAt === null ? '' : ` As of ${new Date(countedAt).toISOString()}.`
    const bytes = readBytes === null ? 'bytes not known' : `${bytesText(readBytes)} to read`
    return `${levelText[level].name}: up to ${requests.toLocaleString('en')} requests, ${bytes}, ${time}. ${basis}${asOf}`
  })
}

/** A report: the statement, then what it stands on. */
export function compareLines(report: CompareReport): Lines {
  const { differences, differenceCount, onItsWay, notSeen, endedAt } = report
  const targetOf = (linkId: string): string => targetName(report.links, linkId)
  return [
    `${report.statement}${endedAt === null ? '' : ` As of ${new Date(endedAt).toISOString()}.`}`,
    ...bytesLines(report),
    ...exceptionLines(report),
    ...rowsOf(
      'Different:',
      ['KIND', 'TARGET', 'KEY', 'VERSION', 'DETAIL'],
      differences.map((row) => [...cellsOf(row, targetOf), cellText(row.detail, 100)]),
      differenceCount,
    ),
    ...rowsOf(
      'On its way:',
      ['KIND', 'TARGET', 'KEY', 'VERSION', 'SINCE', 'WHY'],
      onItsWay.items.map((row) => [...cellsOf(row, targetOf), new Date(row.since).toISOString(), row.why]),
      onItsWay.count,
    ),
    ...rowsOf(
      'Not seen:',
      ['TARGET', 'KEY', 'VERSION', 'CODE', 'WHY'],
      notSeen.items.map(({ linkId, key, versionId, fault }) => [
        targetOf(linkId),
        cellText(key),
        versionId ?? '–',
        fault.code,
        cellText(fault.message, 100),
      ]),
      notSeen.count,
    ),
    ...(report.fault === null ? [] : [faultText(report.fault)]),
  ]
}

function bytesLines({ bytesRead }: CompareReport): Lines {
  if (bytesRead === null) return []
  const { versions, sizeBytes, from, to } = bytesRead
  const when = `between ${new Date(from).toISOString()} and ${new Date(to).toISOString()}`
  return [`${versions.toLocaleString('en')} versions (${bytesText(sizeBytes)}) read whole on both sides ${when}.`]
}

function exceptionLines({ exceptions }: CompareReport): Lines {
  if (exceptions.length === 0) return []
  return [
    'Exceptions:',
    ...exceptions.map(({ kind, count }) => `  ${count.toLocaleString('en')} × ${exceptionText(kind)}`),
  ]
}

const cellsOf = (
  { linkId, kind, key, versionId }: Difference,
  targetOf: (linkId: string) => string,
): readonly string[] => [differenceText[kind], targetOf(linkId), cellText(key), versionId ?? '–']

function rowsOf(title: string, head: Lines, rows: readonly Lines[], count: number): Lines {
  if (count === 0) return []
  return [title, ...table(head, rows), ...(count > rows.length ? [`… ${count - rows.length} more`] : [])]
}
