/// <reference types="node" />

import { EventEmitter } from 'events'

export function noop (): void

/** Copies all properties that can be enumerated, inherited ones too. */
export function extend (dest: object, source: object): void

export function eventEmitterListenerCount (emitter: EventEmitter, type: string | symbol): number

export const bufferAllocUnsafe: typeof Buffer.allocUnsafe
export const bufferFromString: typeof Buffer.from

/** A log for a namespace of the package `debug`, which prints when it is told to. */
export function BufferingLogger (identifier: string, uniqueID: unknown): Log

interface Log {
  (...args: any[]): unknown
  readonly enabled: boolean
  printOutput (): void
}
