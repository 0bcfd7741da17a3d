export = EventTarget

/** `addEventListener`, `dispatchEvent` and others, to mix into the prototype of an EventEmitter. */
declare const EventTarget: Record<string, any>
