/** Requests to a gateway with the token; problems (RFC 9457) and unreadable answers as errors for people. */

import { GatewayError } from "../stores/gateway-api";
import { AnswerError, AnswerReader } from "./answer-reader";

export interface GatewayHttpOptions {
  /** Address without a path, such as "http://127.0.0.1:8765". */
  readonly apiUrl: string;
  readonly token: () => string | null;
  readonly fetch: typeof fetch;
}

export interface GatewayRequest {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
}

export class GatewayHttp {
  constructor(private readonly options: GatewayHttpOptions) {}

  /** The answer, which is good or 304; rejects with GatewayError, or with the signal's reason. */
  async ask(path: string, signal: AbortSignal, request: GatewayRequest = {}): Promise<Response> {
    const token = this.options.token();
    const authorization = token === null ? {} : { Authorization: `Bearer ${token}` };
    let response: Response;
    try {
      // The page keeps the ETag itself; the browser's cache would answer 304 with the body it has.
      response = await this.options.fetch(this.options.apiUrl + path, {
        method: request.method ?? "GET",
        signal,
        headers: { Accept: "application/json", ...authorization, ...request.headers },
        cache: "no-store",
      });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw new GatewayError(`The gateway cannot be reached (${messageOf(error)})`, null, "unreachable");
    }
    if (response.ok || response.status === 304) return response;
    throw await problemOf(response);
  }
}

/** The answer's fields; `where` names it in errors. */
export async function fieldsOf(response: Response, where: string): Promise<AnswerReader> {
  const text = await response.text();
  return checked(() => new AnswerReader(parse(text), where));
}

/** What `read` returns; an answer that is not as it should be is a GatewayError. */
export function checked<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error;
    throw new GatewayError(`The gateway's answer is not understood: ${error.message}`, null, "bad_answer");
  }
}

/** The query of an address; what is undefined or empty is left out. */
export function queryText(query: Readonly<Record<string, string | number | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AnswerError("the answer is not JSON");
  }
}

/** The error of a problem document; of the bare status where there is none. */
async function problemOf(response: Response): Promise<GatewayError> {
  const retryAfter = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const retryAfterMs = Number.isFinite(retryAfter) ? retryAfter * 1000 : null;
  try {
    const problem = new AnswerReader(JSON.parse(await response.text()), "problem");
    return new GatewayError(problem.text("detail"), response.status, problem.text("code"), retryAfterMs);
  } catch {
    const message = `The gateway answered ${response.status}`;
    return new GatewayError(message, response.status, `status_${response.status}`, retryAfterMs);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
