/** A process that is started again whenever it dies, as the machine's own supervisor would do. */
import type { Child, ChildOrder, Children } from './children.ts'

/** More deaths than this in one run are no accident. */
const restartsMaxDefault = 20
/** A process that ends with this says that it would fail again. */
const doNotRestart = 1

export interface Service {
  readonly child: Child
  readonly restarts: number
  stop(): Promise<void>
}

export interface ServiceOptions {
  readonly children: Children
  readonly order: ChildOrder
  readonly restartsMax?: number
  /** Hears of each start, the first included. */
  readonly onStart?: (child: Child) => void
  /** Hears that the service is down and stays down. */
  readonly onFailure: (error: Error) => void
}

/** Starts the process and keeps it running until it is stopped. */
export function startService({
  children,
  order,
  restartsMax = restartsMaxDefault,
  onStart,
  onFailure,
}: ServiceOptions): Service {
  let isStopping = false
  let restarts = 0
  let child = launch()

  function launch(): Child {
    const started = children.start(order)
    onStart?.(started)
    void started.exited.then((how) => {
      if (isStopping) return
      if (how === doNotRestart || restarts === restartsMax)
        return onFailure(new Error(`the ${order.name} ended with ${how}: see ${order.logPath}`))
      restarts++
      child = launch()
    })
    return started
  }

  return {
    get child() {
      return child
    },
    get restarts() {
      return restarts
    },
    async stop() {
      isStopping = true
      await child.stop()
    },
  }
}
