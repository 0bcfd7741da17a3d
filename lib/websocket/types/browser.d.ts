import { version as websocketVersion } from '../index.js'

/** The platform's WebSocket; null where there is none. */
export const w3cwebsocket: {
  /** Connects at once. */
  new (url: string, protocols?: string | string[] | null): PlatformWebSocket
  readonly CONNECTING: number
  readonly OPEN: number
  readonly CLOSING: number
  readonly CLOSED: number
} | null

export const version: typeof websocketVersion

/** `WebSocket` where the program's types have it, those of the DOM or of Node 22. */
type PlatformWebSocket = typeof globalThis extends { WebSocket: { prototype: infer Platform } } ? Platform : any
