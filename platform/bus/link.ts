/**
 * What carries the bus to other processes. Channels are plain names; a link may bring back what this process sent itself,
 * the bus tells by the envelope.
 */
export interface Link {
  /** Sets the one receiver of all channels that are listened to. */
  onMessage(receive: (channel: string, text: string) => void): void;
  /** Rejects while the link is down. Nothing is kept for later: a late message would be a wrong one. */
  send(channel: string, text: string): Promise<void>;
  /** Resolves when messages arrive; waits while the link is down. Lasts over reconnects. */
  listen(channel: string): Promise<void>;
  unlisten(channel: string): Promise<void>;
  healthy(): boolean;
  close(): Promise<void>;
}
