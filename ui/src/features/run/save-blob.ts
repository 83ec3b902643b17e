/** Let the browser save a blob under a name. */
export function saveBlob(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name.replaceAll("/", "_");
  link.click();
  URL.revokeObjectURL(address);
}
