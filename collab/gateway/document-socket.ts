import { WebSocket } from 'ws';
import { closeCodes, type CloseReason } from '#contract/close-codes.ts';

/** How long a closing handshake may take before the connection is cut. */
export const closeWithinMs = 2_000;

/**
 * The library closes a socket whose frame is too large by itself, with 1009, after which a stock client comes back and
 * sends the frame again. Here the gateway says what such a frame is answered with.
 */
export class DocumentSocket extends WebSocket {
  frameTooLarge: (() => CloseReason) | undefined;

  override close(code?: number, reason?: string | Buffer): void {
    if (this.readyState === WebSocket.CLOSING || this.readyState === WebSocket.CLOSED) return super.close(code, reason);
    // A peer that does not answer, or goes on sending, is cut.
    setTimeout(() => this.terminate(), closeWithinMs).unref();
    if (code !== closeCodes.frameTooLarge.code || this.frameTooLarge === undefined) return super.close(code, reason);
    const answer = closeCodes[this.frameTooLarge()];
    super.close(answer.code, answer.reason);
  }
}
