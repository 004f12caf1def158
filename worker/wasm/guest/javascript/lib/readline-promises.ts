import { promises } from './readline.ts';

export const { Interface, createInterface } = promises;
export default promises;
