export = EventTarget

/** `addEventListener`, `dispatchEvent` and others, to be mixed into the prototype of an EventEmitter. */
declare const EventTarget: Record<string, any>
