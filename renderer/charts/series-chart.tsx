import { memo } from 'react'
import { Area, AreaChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'
import type { SeriesPoint } from '../../shared/model/overview.ts'
import { formatClock } from '../text/format.ts'
import type { ChartKind } from './chart-kinds.ts'

interface SeriesChartProps {
  readonly kind: ChartKind
  readonly points: readonly SeriesPoint[]
}

/** Below this span minutes alone would name several ticks alike. */
const shortSpanMs = 180_000
const tick = { fontSize: 11, fill: 'var(--mantine-color-dimmed)' }

/** One value over time. Drawn without animation or dots: a live chart redraws every two seconds. */
export const SeriesChart = memo(function SeriesChart({ kind, points }: SeriesChartProps) {
  const drawn = points.map((point) => ({ at: point.at, value: kind.value(point) }))
  const now = drawn.at(-1)
  const short = now !== undefined && now.at - drawn[0]!.at < shortSpanMs
  return (
    <figure className="panel" style={{ margin: 0, minWidth: 0 }} aria-label={kind.title}>
      <figcaption className="chart-title" style={{ display: 'flex', justifyContent: 'space-between' }}>
        {kind.title}
        <span>{now ? kind.words(now.value) : ''}</span>
      </figcaption>
      {now === undefined && <p className="chart-empty">No point yet</p>}
      <ResponsiveContainer width="100%" height={132} initialDimension={{ width: 320, height: 132 }}>
        <AreaChart data={drawn} margin={{ top: 10, right: 32, bottom: 2, left: 0 }} accessibilityLayer={false}>
          <CartesianGrid vertical={false} stroke="var(--line)" strokeDasharray="2 3" />
          <XAxis
            dataKey="at"
            type="number"
            domain={['dataMin', 'dataMax']}
            tickFormatter={(at: number) => formatClock(at).slice(0, short ? 8 : 5)}
            tick={tick}
            tickLine={false}
            stroke="var(--line)"
            minTickGap={48}
          />
          <YAxis
            width={78}
            tickFormatter={kind.tick ?? kind.words}
            tick={tick}
            tickLine={false}
            axisLine={false}
            tickCount={4}
            domain={[0, 'auto']}
          />
          <Tooltip
            isAnimationActive={false}
            labelFormatter={(at) => formatClock(Number(at))}
            formatter={(value) => [kind.words(Number(value)), '']}
            separator=""
            contentStyle={{
              background: 'var(--panel)',
              border: '1px solid var(--line)',
              borderRadius: 4,
              fontSize: 12,
            }}
          />
          <Area
            dataKey="value"
            type="monotone"
            stroke="var(--chart-1)"
            strokeWidth={1.6}
            fill="var(--chart-1)"
            fillOpacity={0.12}
            dot={drawn.length === 1}
            isAnimationActive={false}
          />
        </AreaChart>
      </ResponsiveContainer>
    </figure>
  )
})
