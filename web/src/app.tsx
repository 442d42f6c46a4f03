/** The frame of every view: where one is, where one can go. */
import { Operator } from './operator.tsx'
import { Payee } from './payee.tsx'
import { Public } from './public.tsx'
import { type Route, useRoute } from './route.ts'

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
        <a class="name" href="#/">
          Bursar
        </a>
        <nav aria-label="Views">
          {places.map(({ view, href, words }) => (
            <a key={view} href={href} aria-current={route.view === view ? 'page' : undefined}>
              {words}
            </a>
          ))}
        </nav>
      </header>
      <main id="main" tabIndex={-1}>
        {show(route)}
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

function show(route: Route) {
  if (route.view === 'payee') return <Payee key={route.payee} payee={route.payee} />
  return route.view === 'operator' ? <Operator /> : <Public />
}
