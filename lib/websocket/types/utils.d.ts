/// <reference types="node" />

import { EventEmitter } from 'events'

export function noop (): void

/** Copies all enumerable properties, including inherited ones. */
export function extend (dest: object, source: object): void

export function eventEmitterListenerCount (emitter: EventEmitter, type: string | symbol): number

export const bufferAllocUnsafe: typeof Buffer.allocUnsafe
export const bufferFromString: typeof Buffer.from

/** Returns a logger for a namespace of the package `debug`. It buffers its lines until `printOutput()` is called. */
export function BufferingLogger (identifier: string, uniqueID: unknown): Log

interface Log {
  (...args: any[]): unknown
  readonly enabled: boolean
  printOutput (): void
}
