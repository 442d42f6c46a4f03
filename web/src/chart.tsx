/** Points over time, drawn large enough to be seen and told to those who cannot see it. */
import { useState } from 'preact/hooks'
import { moment } from './words.ts'

export interface Point {
  /** Seconds since 1970. */
  readonly at: number
  readonly value: number
  /** The value as it is told. */
  readonly words: string
}

interface ChartProps {
  readonly caption: string
  readonly points: readonly Point[]
  /** A line for what grows, bars for what happened in each stretch. */
  readonly kind: 'line' | 'bars'
}

const [width, height, edge] = [600, 150, 4]

export function Chart({ caption, points, kind }: ChartProps) {
  const [shown, setShown] = useState<number>()
  const [first, last] = [points[0] as Point, points.at(-1) as Point]
  const most = Math.max(...points.map(({ value }) => value))
  // What grows is shown from where it begins; what happens, from zero.
  const least = kind === 'line' ? first.value : 0
  const x = (at: number) => edge + ((at - first.at) * (width - 2 * edge)) / (last.at - first.at || 1)
  const y = (value: number) => height - edge - ((value - least) / (most - least || 1)) * (height - 4 * edge)
  const line = points.map(({ at, value }) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
  const told = points[shown ?? points.length - 1] as Point
  const nearest = (event: PointerEvent): number => {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect()
    const at = ((event.clientX - box.left) / box.width) * width
    const far = points.map((point) => Math.abs(x(point.at) - at))
    return far.indexOf(Math.min(...far))
  }
  return (
    <figure>
      <figcaption>
        <span>{caption}</span> <strong>{told.words}</strong>
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${caption}: ${first.words} at ${moment(first.at)}, ${last.words} at ${moment(last.at)}`}
        onPointerMove={(event) => setShown(nearest(event))}
        onPointerLeave={() => setShown(undefined)}
      >
        {kind === 'line' ? (
          <>
            <polygon class="area" points={`${x(first.at)},${height - edge} ${line} ${x(last.at)},${height - edge}`} />
            <polyline class="line" points={line} />
          </>
        ) : (
          points.map(({ at, value }, i) => (
            <line key={`${i} ${at}`} class="bar" x1={x(at)} x2={x(at)} y1={height - edge} y2={y(value)} />
          ))
        )}
        {shown !== undefined && <line class="mark" x1={x(told.at)} x2={x(told.at)} y1={0} y2={height} />}
      </svg>
      <p class="axis quiet">
        <span>{moment(first.at)}</span>
        <span>{shown === undefined ? moment(last.at) : moment(told.at)}</span>
      </p>
    </figure>
  )
}
