/** A line over points in order, drawn large enough to be seen and told to those who cannot see it. */
export interface Point {
  readonly name: string
  readonly value: number
}

const [width, height, edge] = [600, 140, 6]

export function Chart({ caption, points }: { caption: string; points: readonly Point[] }) {
  const values = points.map(({ value }) => value)
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const x = (i: number) => edge + (i * (width - 2 * edge)) / Math.max(1, points.length - 1)
  const y = (value: number) => height - edge - ((value - least) / (most - least || 1)) * (height - 2 * edge)
  const line = points.map(({ value }, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
  const [first, last] = [points[0], points.at(-1)]
  return (
    <figure>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`${caption}: from ${first?.value} to ${last?.value}`}
      >
        <polygon class="area" points={`${x(0)},${height - edge} ${line} ${x(points.length - 1)},${height - edge}`} />
        <polyline class="line" points={line} />
      </svg>
      <figcaption>
        {caption}: <span>{first?.value}</span> at {first?.name}, <span>{last?.value}</span> at {last?.name}
      </figcaption>
    </figure>
  )
}
