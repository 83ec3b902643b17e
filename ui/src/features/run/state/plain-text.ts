/** JSON text of a string as the string itself, for reading; any other JSON text, also one that was cut, as it is. */
export function plainText(json: string | null): string | null {
  if (json === null || !json.startsWith('"')) return json;
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "string" ? value : json;
  } catch {
    return json;
  }
}
