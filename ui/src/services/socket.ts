/** The WebSocket as the link uses it, and the browser's. */

import { PROTOCOL } from "../protocol/control";

export interface SocketEvents {
  opened(): void;
  /** Comes once, whoever closed; nothing comes after it. */
  closed(code: number, reason: string): void;
  text(text: string): void;
  binary(bytes: Uint8Array): void;
}

export interface Socket {
  send(text: string): void;
  close(code: number, reason: string): void;
}

export type OpenSocket = (url: string, events: SocketEvents) => Socket;

export const openBrowserSocket: OpenSocket = (url, events) => {
  const socket = new WebSocket(url, PROTOCOL);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => events.opened();
  socket.onclose = ({ code, reason }) => events.closed(code, reason);
  socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
    if (typeof data === "string") events.text(data);
    else events.binary(new Uint8Array(data));
  };
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: (code, reason) => socket.close(code, reason),
  };
};
