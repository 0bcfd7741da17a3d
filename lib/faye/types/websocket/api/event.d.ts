export = Event

/** What the events of this package are instances of. */
declare class Event {
  static readonly CAPTURING_PHASE: 1
  static readonly AT_TARGET: 2
  static readonly BUBBLING_PHASE: 3

  /** @param fields Become properties of the event. */
  constructor (type: string, fields?: Record<string, unknown>)

  type: string
  bubbles: boolean
  cancelable: boolean
  [field: string]: unknown

  initEvent (type: string, canBubble: boolean, cancelable: boolean): void
  stopPropagation (): void
  preventDefault (): void
}
