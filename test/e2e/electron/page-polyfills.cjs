// What Chromium 108 lacks of the one in current Electron: for the page of the tests alone.
Array.prototype.toSorted ??= function toSorted(compare) { return [...this].sort(compare); };
Array.prototype.toReversed ??= function toReversed() { return [...this].reverse(); };
globalThis.URL.canParse ??= (text, base) => {
  try {
    return Boolean(new globalThis.URL(text, base));
  } catch {
    return false;
  }
};
