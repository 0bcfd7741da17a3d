import { version as websocketVersion } from '../index.js'

/** The platform's WebSocket; null if the platform has none. */
export const w3cwebsocket: {
  /** Connects at once. */
  new (url: string, protocols?: string | string[] | null): PlatformWebSocket
  readonly CONNECTING: number
  readonly OPEN: number
  readonly CLOSING: number
  readonly CLOSED: number
} | null

export const version: typeof websocketVersion

/** The type of `WebSocket` if the program's types declare it, as those of the DOM and of Node 22 do; otherwise any. */
type PlatformWebSocket = typeof globalThis extends { WebSocket: { prototype: infer Platform } } ? Platform : any
