/** The frame of every view: where one is, where one can go. */
import { Lanes } from './lanes.tsx'
import { client, usePolled } from './live.ts'
import { Operator } from './operator.tsx'
import { Trouble, Waiting } from './parts.tsx'
import { Payee } from './payee.tsx'
import { Public } from './public.tsx'
import { laneHere, type Route, useRoute } from './route.ts'

const places = [
  { view: 'public', href: '#/', words: 'Ledger' },
  { view: 'payee', href: '#/payee', words: 'Payee' },
  { view: 'operator', href: '#/operator', words: 'Operator' },
] as const

export function App() {
  const route = useRoute()
  return (
    <>
      <button type="button" class="skip" onClick={skip}>
        Skip to content
      </button>
      <header>
        <a class="name" href={laneHere ? '../../' : '#/'}>
          Bursar
        </a>
        {laneHere && <span class="quiet">lane {laneHere}</span>}
        <nav aria-label="Views">
          {places.map(({ view, href, words }) => (
            <a key={view} href={href} aria-current={route.view === view ? 'page' : undefined}>
              {words}
            </a>
          ))}
        </nav>
      </header>
      <main id="main" tabIndex={-1}>
        {hasLanes ? <Front route={route} /> : show(route)}
      </main>
      <footer>
        <p>
          What this page shows is the daemon's word until you <strong>verify</strong> it. The checks run in your
          browser, against an Ethereum node of your choice.
        </p>
      </footer>
    </>
  )
}

/** The fragment names the view: a link to the content would change it. */
const skip = () => document.getElementById('main')?.focus()

/** The root of several lanes, as the daemon says in the page itself. */
const hasLanes = document.getElementById('page')?.dataset.lanes !== undefined

function Front({ route }: { route: Route }) {
  const { value, error } = usePolled('lanes', (signal) => client.lanes({ signal }))
  if (value) return <Lanes lanes={value.lanes} route={route} />
  return error ? <Trouble error={error} /> : <Waiting />
}

function show(route: Route) {
  if (route.view === 'payee') return <Payee key={route.payee} payee={route.payee} />
  return route.view === 'operator' ? <Operator /> : <Public />
}
