const onMac = /mac|iphone|ipad/i.test(navigator.userAgent);

/** Keys as the person's keyboard names them. */
export const keys = {
  run: onMac ? '⌘ Enter' : 'Ctrl+Enter',
  leaveEditor: onMac ? 'Ctrl+Shift+M' : 'Ctrl+M',
};
