export = Event

/** The class of the events of this package. */
declare class Event {
  static readonly CAPTURING_PHASE: 1
  static readonly AT_TARGET: 2
  static readonly BUBBLING_PHASE: 3

  /** @param fields Properties of the event. */
  constructor (type: string, fields?: Record<string, unknown>)

  type: string
  bubbles: boolean
  cancelable: boolean
  [field: string]: unknown

  initEvent (type: string, canBubble: boolean, cancelable: boolean): void
  stopPropagation (): void
  preventDefault (): void
}
