import { closeCodes } from '#contract/close-codes.ts';
import { limits } from '#contract/limits.ts';

/** Which limit (contract §3) an edit has met, when a socket closed for its size. */
export type Limit = 'frame' | 'document' | 'share';

/**
 * The close code says only that something is too large. `largestFrame`: bytes of the largest frame the socket was given;
 * `document`: bytes of the encoded document with my edits; `share`: I am a student where others write too.
 */
export function limitMet(
  code: number,
  sizes: { largestFrame: number; document: number; share: boolean },
): Limit | undefined {
  if (code === closeCodes.frameTooLarge.code) return 'frame';
  if (code !== closeCodes.tooLarge.code) return undefined;
  if (sizes.largestFrame > limits.frameBytes) return 'frame';
  return sizes.share && sizes.document <= limits.documentBytes ? 'share' : 'document';
}
